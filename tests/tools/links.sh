#!/usr/bin/env bash
# Every link of a page in this repository that leads to a file leads to one. Takes the source folder.
set -uo pipefail
cd "$1" || exit 1
links=0 broken=0
while read -r page; do
    while read -r target; do
        links=$((links + 1))
        [ -e "$(dirname "$page")/$target" ] && continue
        echo "$page: $target is not there"
        broken=$((broken + 1))
    done < <(grep -o '](\([^)#]*\)' "$page" | sed 's/^](//' | grep -v -e '^[a-z]*:' -e '^$')
done < <(find . -name '*.md' -not -path './build*' -not -path './.git/*')
echo "$links links"
[ $links -gt 5 ] && [ $broken -eq 0 ]
