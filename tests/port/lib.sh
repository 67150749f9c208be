# What the tests of an installed tree share. Sourced by bash, with the build folder in $1 and the source
# folder in $2; leaves a scratch folder in $scratch and an installed tree, moved once, in $tree.

build=$1 source=$2
scratch=$(mktemp -d /tmp/retune-port-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
unset RETUNE_PLUGIN_PATH

fail() {
    echo "$*" >&2
    exit 1
}

# expect CODE COMMAND...: runs it, and keeps what it says in $said.
expect() {
    local wanted=$1 code=0
    shift
    said=$("$@" 2>&1) || code=$?
    [ "$code" = "$wanted" ] || fail "exit code $code instead of $wanted: $*
$said"
}

# says TEXT: the last command said it.
says() {
    [[ $said == *"$1"* ]] || fail "'$1' is not in:
$said"
}

expect 0 cmake --install "$build" --prefix "$scratch/first"
mv "$scratch/first" "$scratch/moved"
tree=$scratch/moved
export CMAKE_PREFIX_PATH=$tree PATH=$tree/bin:$PATH

# port_tiny: the backend `tiny`, copied from the skeleton as backends/README.md says, in $scratch/tiny.
port_tiny() {
    cp -r "$tree/share/retune/backends/null" "$scratch/tiny"
    sed -i 's/null/tiny/g; s/RETUNE_NULL/RETUNE_TINY/g' "$scratch"/tiny/*
    expect 0 cmake -G Ninja -S "$scratch/tiny" -B "$scratch/tiny/build" -DCMAKE_C_FLAGS="-Wall -Wextra -Werror"
    build_tiny
}

build_tiny() { expect 0 cmake --build "$scratch/tiny/build"; }

tiny=$scratch/tiny/build/retune_tiny.so

# add_conv2d: gives it a device and an op.
add_conv2d() {
    sed -i 's/#define DEVICE_COUNT 0/#define DEVICE_COUNT 1/' "$scratch/tiny/device.c"
    echo 'OP(CONV2D, conv2d)' >>"$scratch/tiny/ops.def"
    mkdir "$scratch/tiny/ops"
    cp "$source/tests/port/conv2d.c" "$scratch/tiny/ops/"
    build_tiny
}
