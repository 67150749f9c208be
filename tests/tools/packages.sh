#!/usr/bin/env bash
# What tools/lib.sh does about missing packages, on systems made up of stubs: with and without apt-get,
# root and sudo, and a network. Takes the source folder.
set -uo pipefail
source=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# stub NAME SCRIPT: a command of the made-up system. What it is called with goes into the log.
stub() {
    printf '#!/bin/bash\necho "%s $*" >>"%s/log"\n%s\n' "$1" "$scratch" "$2" >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}

# A system where everything is installed but cmake and libinih-dev, for root.
system() {
    rm -rf "${scratch:?}/bin" "$scratch/log"
    mkdir "$scratch/bin"
    local command
    for command in bash sed env dirname; do ln -s "$(command -v $command)" "$scratch/bin/$command"; done
    stub dpkg-query 'case $* in *" cmake" | *" libinih-dev") exit 1 ;; *) printf installed ;; esac'
    stub apt-get ''
    stub id 'echo 0'
}

# Runs install_packages there; its output and the calls of everything but dpkg-query and id.
code=0 output="" calls=""
install() {
    output=$(PATH="$scratch/bin" "$BASH" -c \
        'set -euo pipefail; . "$1/tools/lib.sh"; install_packages build' bash "$source" 2>&1)
    code=$?
    calls=$(grep -v -e '^dpkg-query' -e '^id' "$scratch/log")
}

# expect WHAT CONDITION...: a test of `[`.
expect() {
    local what=$1
    shift
    [ "$@" ] && return
    printf '%s: not [ %s ]\ncode %s, calls:\n%s\noutput:\n%s\n' "$what" "$*" "$code" "$calls" "$output"
    failures=$((failures + 1))
}

wanted='apt-get install -y -qq --no-install-recommends cmake libinih-dev'

system
stub dpkg-query 'printf installed'
install
expect "nothing is missing" $code -eq 0
expect "nothing is missing" -z "$calls"

system
install
expect "two are missing" $code -eq 0
expect "two are missing, and nothing is fetched but them" "$calls" = "$wanted"

system
stub apt-get '[ "$1" = update ] || [ -e "$0.updated" ]; result=$?; : >"$0.updated"; exit $result'
install
expect "the lists of packages are old" $code -eq 0
expect "the lists of packages are old" "$calls" = "$wanted"$'\napt-get update -qq\n'"$wanted"

system
stub apt-get '[ "$1" = update ] && exit 0; echo "E: no network" >&2; exit 100'
install
expect "nothing can be fetched" $code -eq 100
expect "nothing can be fetched" -z "${output##*E: no network*}"

system
stub id 'echo 1000'
stub sudo '"$@"'
install
expect "a user with sudo" $code -eq 0
expect "a user with sudo" "$calls" = "sudo env DEBIAN_FRONTEND=noninteractive $wanted"$'\n'"$wanted"

system
stub id 'echo 1000'
install
expect "a user without sudo" $code -eq 1
expect "a user without sudo" -z "$calls"
expect "a user without sudo" -z "${output##*by hand: cmake libinih-dev*}"

system
stub id 'echo 1000'
stub dpkg-query 'printf installed'
install
expect "a user who needs nothing" $code -eq 0
expect "a user who needs nothing" -z "$calls"

system
rm "$scratch/bin/apt-get"
install
expect "another kind of system" $code -eq 0
expect "another kind of system" -z "${output##*no apt-get*cmake libinih-dev*}"

[ $failures -eq 0 ]
