#!/bin/bash
# Prove the README's two commands in a Debian root that holds only python3 with venv, git and certificates.
#
#   sudo tools/hil/minimal_root.sh [FOLDER] [SUITE]
#
# Needs debootstrap and root rights. pip's own settings (PIP_* variables, pip.conf) are carried into the root,
# so that it asks the same package index as the host does. Exit status: the first command that fails.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
root=${1:-$(mktemp -d)}
suite=${2:-bookworm}

if [ ! -x "$root/usr/bin/git" ]; then
    debootstrap --variant=minbase --include=python3,python3-venv,git,ca-certificates "$suite" "$root"
fi
git -C "$source" diff --quiet || echo "note: uncommitted changes are not tried" >&2
rm -rf "$root/root/browline" "$root/root/second"
git clone --quiet "$source" "$root/root/browline"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/usr/local/share/ca-certificates" "$root/etc/ssl/certs"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
for config in /etc/pip.conf "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf"; do
    [ -f "$config" ] && cp "$config" "$root/etc/pip.conf"
done
mount -t proc proc "$root/proc"
mount -t devpts devpts "$root/dev/pts"
trap 'umount "$root/proc" "$root/dev/pts"' EXIT

inside() {
    echo "== $*"
    time chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin LANG=C.UTF-8 \
        $(env | grep -iE '^(pip_|https?_proxy|no_proxy|ssl_cert)' || true) \
        sh -c "$*" </dev/null
}
inside "cd /root/browline && ./run"
inside "cd /root/browline && ./run test -m 'not slow' -q"
inside "git clone -q /root/browline /root/second && cd /root/second && PIP_NO_INDEX=1 ./run"
echo "both commands work in a bare $suite root, and offline in a second clone"
