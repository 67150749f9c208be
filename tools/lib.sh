# What the scripts in tools/ share: installing packages, building, reading events. Sourced by bash.

retune_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n== %s\n' "$*" >&2; }

# install_packages KIND...: installs what is missing of the packages of these kinds (tools/packages).
install_packages() {
    local kind package missing=()
    for kind in "$@"; do
        while read -r package; do
            if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
                missing+=("$package")
            fi
        done < <(sed -n "s/^$kind //p" "$retune_root/tools/packages")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "This system has no apt-get. Install what these Debian packages hold:" >&2
        echo "    ${missing[*]}" >&2
        return 0 # the build says what it cannot find
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "Run this as root, or install sudo, or install by hand: ${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    say "installing ${missing[*]}"
    local install=(env DEBIAN_FRONTEND=noninteractive
        apt-get install -y -qq --no-install-recommends "${missing[@]}")
    # The package lists that are there may do, and do without a network.
    "${as_root[@]}" "${install[@]}" >/dev/null 2>&1 || {
        "${as_root[@]}" apt-get update -qq
        "${as_root[@]}" "${install[@]}" >/dev/null
    }
}

# build FOLDER CMAKE_OPTION...: configures and builds.
build() {
    local folder=$1
    shift
    say "building in ${folder#"$PWD"/}"
    cmake -S "$retune_root" -B "$folder" -G Ninja "$@" >/dev/null
    # A terminal is shown how far it is; a log is told what went wrong.
    local quiet=(--quiet)
    [ ! -t 1 ] || quiet=()
    cmake --build "$folder" -- "${quiet[@]}"
}

# event_value FILE EVENT KEY [first|last]: a number out of what `retune --json` printed.
event_value() {
    grep "\"event\":\"$2\"" "$1" | { [ "${4:-last}" = first ] && head -n 1 || tail -n 1; } |
        sed -E "s/.*\"$3\":([-0-9.e+]+).*/\1/"
}
