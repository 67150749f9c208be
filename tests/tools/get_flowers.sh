#!/usr/bin/env bash
# tools/get_flowers against local files: what it leaves behind when all goes well, and when it does not.
# Takes the source folder, the command retune and the folder of the test data.
set -uo pipefail
source=$1 retune=$2 data=$3
work=$(mktemp -d) && cd "$work" || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

command -v curl >/dev/null || { echo "skipped: no curl is installed" && exit 77; }

wrong() {
    echo "$case: $*"
    sed 's/^/    /' said.txt
    failures=$((failures + 1))
}
expect() { eval "$1" || wrong "not so: $1"; }
expect_said() { grep -q -- "$1" said.txt || wrong "did not say: $1"; }

# get CODE ARGUMENT...: calls the tool, which must end with that code.
get() {
    local code=$1 given=0
    shift
    "$source/tools/get_flowers" --to place --table table "$@" >said.txt 2>&1 || given=$?
    [ "$given" -eq "$code" ] || wrong "ended with $given instead of $code"
}
# begin CASE: an empty place and the right table.
begin() {
    case=$1
    rm -rf place && mkdir place
    write_table
}
# write_table [PHOTOS_SUM [WEIGHTS_SUM [BYTES]]]
write_table() {
    local sum
    sum=$(sha256sum home/flower_photos.tgz | cut -d ' ' -f 1)
    {
        echo "# a comment"
        echo "flower_photos.tgz ${3:-$(stat -c %s home/flower_photos.tgz)} sha256:${1:-$sum}" \
            "file://$work/home/flower_photos.tgz"
        echo "mobilenet_1_0_224_tf_no_top.h5 - ${2:-md5:$(md5sum home/weights.h5 | cut -d ' ' -f 1)}" \
            "file://$work/home/weights.h5"
    } >table
}
expect_nothing_there() {
    expect '! [ -e place/flower_photos ] && ! [ -e place/models ]'
    expect '! [ -e place/.downloads/new ]'
}

mkdir -p home pack/flower_photos/daisy pack/flower_photos/roses
head -c 100000 /dev/urandom >pack/flower_photos/daisy/1.jpg
head -c 200000 /dev/urandom >pack/flower_photos/roses/1.jpg
tar -czf home/flower_photos.tgz -C pack flower_photos
head -c 50000 /dev/urandom >home/weights.h5

begin "all is well"
get 0
expect 'diff -r pack/flower_photos place/flower_photos >/dev/null'
expect 'cmp -s home/weights.h5 place/models/mobilenet_1_0_224_tf_no_top.h5'
expect '[ "$(ls -A place | sort | tr "\n" " ")" = "flower_photos models " ]'
mv home home.away
get 0
expect_said "flower_photos: is there already"
expect_said "no_top.h5: is there already"
mv home.away home

begin "one of the two"
get 0 weights
expect '! [ -e place/flower_photos ] && [ -f place/models/mobilenet_1_0_224_tf_no_top.h5 ]'
get 0 photos
expect '[ -f place/flower_photos/roses/1.jpg ]'

# The half that is there is not fetched again: the source has lost it since.
begin "goes on in the middle"
mkdir place/.downloads
half=$(($(stat -c %s home/flower_photos.tgz) / 2))
head -c $half home/flower_photos.tgz >place/.downloads/flower_photos.tgz.part
cp home/flower_photos.tgz whole.tgz
{ head -c $half /dev/zero && tail -c +$((half + 1)) whole.tgz; } >home/flower_photos.tgz
get 0 photos
mv whole.tgz home/flower_photos.tgz
expect 'diff -r pack/flower_photos place/flower_photos >/dev/null'

begin "all of it was there already"
mkdir place/.downloads
mv home home.away
cp home.away/flower_photos.tgz place/.downloads/flower_photos.tgz.part
get 0 photos
mv home.away home
expect '[ -f place/flower_photos/roses/1.jpg ]'

begin "what was there is of another file"
mkdir place/.downloads
head -c 1000 /dev/zero >place/.downloads/flower_photos.tgz.part
get 0 photos
expect 'diff -r pack/flower_photos place/flower_photos >/dev/null'

begin "what was there is longer"
mkdir place/.downloads
head -c 1000000 /dev/zero >place/.downloads/flower_photos.tgz.part
get 0 photos
expect 'diff -r pack/flower_photos place/flower_photos >/dev/null'

begin "was killed while unpacking"
mkdir -p place/.downloads/new/flower_photos/daisy
cp home/flower_photos.tgz place/.downloads/
get 0 photos
expect 'diff -r pack/flower_photos place/flower_photos >/dev/null'

begin "another checksum"
write_table 0000000000000000000000000000000000000000000000000000000000000000
get 1 photos
expect_said "instead of 0000"
expect_said "is not the file that is expected, and was removed"
expect_nothing_there
expect '! [ -e place/.downloads/flower_photos.tgz.part ]'
write_table "" md5:00000000000000000000000000000000
get 1 weights
expect_said "instead of 0000"
expect_nothing_there

begin "another size"
write_table "" "" 123
get 1 photos
expect_said "bytes instead of 123"
expect_nothing_there

begin "an archive of something else"
tar -czf home/flower_photos.tgz -C pack/flower_photos daisy
write_table
get 1 photos
expect_said "does not unpack to flower_photos/"
expect_nothing_there
head -c 10000 /dev/urandom >home/flower_photos.tgz
write_table
get 1 photos
expect_said "does not unpack"
expect_nothing_there
tar -czf home/flower_photos.tgz -C pack flower_photos

begin "nobody is there"
mv home home.away
get 1
mv home.away home
expect_said "was not fetched whole; call again to go on"
expect_nothing_there

begin "a table that is none"
: >table
get 1
expect_said "table: has no line for flower_photos.tgz"
write_table "" sha1:00
get 1 weights
expect_said "neither sha256:HASH nor md5:HASH"
rm table
get 1
expect_said "table: cannot be read"

begin "wrong command lines"
get 2 roses
expect_said "roses is neither photos nor weights"
expect_nothing_there
rm -r place && : >place
get 1
expect_said "place: cannot be made"

# tools of a system without curl, and of one without wget as well
mkdir only
for tool in bash awk cat cut dirname env grep mkdir mv rm rmdir sed stat tar gzip sha256sum md5sum; do
    ln -s "$(command -v $tool)" only/
done
begin "no program to fetch with"
PATH=$work/only get 1 weights
expect_said "neither curl nor wget is installed"
expect_nothing_there
if command -v wget >/dev/null && command -v python3 >/dev/null; then
    begin "wget"
    ln -s "$(command -v wget)" only/
    python3 -u -m http.server --bind 127.0.0.1 0 >server.txt 2>/dev/null &
    server=$!
    until grep -q "port [0-9]" server.txt; do sleep 0.05; done
    port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' server.txt)
    sed -i "s|file://$work|http://127.0.0.1:$port|" table
    PATH=$work/only get 0
    expect 'diff -r pack/flower_photos place/flower_photos >/dev/null'
    sed -i "s|/home/|/nowhere/|" table
    rm -r place/models
    PATH=$work/only get 1 weights
    expect_said "was not fetched whole"
    kill $server
fi

# The real thing, as a user goes on with it.
if [ -d "$data/flower_photos" ] && [ -f "$data/models/mobilenet_1_0_224_tf_no_top.h5" ]; then
    begin "real photos"
    tar -chzf home/flower_photos.tgz -C "$data" flower_photos/daisy flower_photos/roses
    cp "$data/models/mobilenet_1_0_224_tf_no_top.h5" home/weights.h5
    write_table
    get 0
    (cd place && "$retune" init flower_photos >../said.txt 2>&1) || wrong "retune init failed"
    expect_said "2 classes"
    expect_said "weights   models/mobilenet_1_0_224_tf_no_top.h5"
else
    echo "real photos: skipped: RETUNE_TEST_DATA has none"
fi

[ $failures -eq 0 ]
