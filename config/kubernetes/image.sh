#!/bin/sh
# Lays out the image's root file system: e2e, the libraries that it is linked to, authorities, and a project.
#   image.sh BINARY FOLDER [PROJECT]    PROJECT (this repository) has scripts/ and config/
# Called by the Dockerfile, and by the tests.
set -eu
umask 022

binary=$1
image=$2
project=${3:-$(dirname "$0")/../..}

if [ -e "$image" ]; then
    echo "image.sh: $image is there already" >&2
    exit 1
fi

# Folders that are mounted: by the runtime, and by whoever wants results and gives secrets.
mkdir -p "$image/usr/local/bin" "$image/etc/ssl/certs" "$image/proc" "$image/dev" "$image/sys" "$image/run/secrets"
mkdir -m 1777 "$image/results"

strip -o "$image/usr/local/bin/e2e" "$binary"
chmod 755 "$image/usr/local/bin/e2e"

# Each library where the loader looks for it; the loader itself is in the list, by its own path.
ldd "$binary" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
    mkdir -p "$image$(dirname "$library")"
    cp -L "$library" "$image$library"
    chmod 755 "$image$library"
done

# Names are looked up by glibc, which has files and DNS built in.
echo "hosts: files dns" >"$image/etc/nsswitch.conf"
printf 'root:x:0:0:root:/:\ne2e:x:65532:65532:e2e:/e2e:\n' >"$image/etc/passwd"
printf 'root:x:0:\ne2e:x:65532:\n' >"$image/etc/group"
cp -L /etc/ssl/certs/ca-certificates.crt "$image/etc/ssl/certs/"

# The project as `e2e init` lays it out.
mkdir -p "$image/e2e/config"
cp "$project"/config/*.yaml "$image/e2e/config/"
cp -R "$project/scripts" "$image/e2e/"
chmod -R u=rwX,go=rX "$image/e2e" "$image/etc"
