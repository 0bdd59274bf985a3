#!/usr/bin/env bash
# Runs a command inside the tree of image tools: enter.sh TOOLS WORK COMMAND
# pivot_root in a private mount namespace: mkosi's own sandbox needs `/` to be a mount point, which a chroot is not.
set -euo pipefail
export TOOLS="$1" WORK="$2" COMMAND="$3"
exec unshare -m --propagation private bash -euc '
  mkdir -p "$TOOLS/build" "$TOOLS/.old"
  mount --bind "$TOOLS" "$TOOLS"
  mount --bind "$WORK" "$TOOLS/build"
  mount -t proc proc "$TOOLS/proc"; mount --rbind /sys "$TOOLS/sys"; mount --rbind /dev "$TOOLS/dev"
  mount -t tmpfs tmpfs "$TOOLS/run"; mount -t tmpfs -o size=10G tmpfs "$TOOLS/tmp"
  mkdir -p "$TOOLS/run/systemd/resolve"
  cp -L /etc/resolv.conf "$TOOLS/etc/resolv.conf" 2>/dev/null || true
  cp -L /etc/hosts "$TOOLS/etc/hosts" 2>/dev/null || true
  cp -L /etc/apt/apt.conf.d/*proxy* "$TOOLS/etc/apt/apt.conf.d/" 2>/dev/null || true
  cp -L /etc/ssl/certs/ca-certificates.crt "$TOOLS/etc/ssl/certs/ca-certificates.crt" 2>/dev/null || true
  cd "$TOOLS"; pivot_root . .old; cd /; umount -l /.old
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
  exec /bin/bash -c "$COMMAND"
'
