# Becomes the first process of a node of its own: a systemd that sees our units and no others.
# Run as the first process of new namespaces of every kind but user: boot.sh SCRATCH PYTHON PACKAGES SOURCE
#
# SCRATCH has the units in `units`; PYTHON is the prefix of a Python, PACKAGES a site-packages folder, SOURCE ours.
# What the node writes is gone with it: /run, /etc and /var are in memory, and its /opt/telemetryd is the program.
set -eu
scratch="$1" python="$2" packages="$3" source="$4"

mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=0755 tmpfs "$scratch/opt"
mkdir -p "$scratch/opt/telemetryd/bin" "$scratch/opt/python" "$scratch/opt/packages" "$scratch/opt/source"
mount --bind "$python" "$scratch/opt/python"
mount --bind "$packages" "$scratch/opt/packages"
mount --bind "$source" "$scratch/opt/source"
for program in "telemetryd:-m telemetryd" "python3:"; do
    file="$scratch/opt/telemetryd/bin/${program%%:*}"
    printf '#!/bin/sh\nexport LD_LIBRARY_PATH=/opt/python/lib PYTHONPATH=/opt/source:/opt/packages\nexec /opt/python/bin/python3 %s "$@"\n' "${program#*:}" > "$file"
    chmod 0755 "$file"
done
mount --rbind "$scratch/opt" /opt

for folder in etc var; do
    mkdir -p "/run/upper/$folder" "/run/work/$folder"
    mount -t overlay overlay -o "lowerdir=/$folder,upperdir=/run/upper/$folder,workdir=/run/work/$folder" "/$folder"
done
mkdir -p /etc/telemetryd
cp "$scratch/telemetryd.toml" /etc/telemetryd/telemetryd.toml
systemd-sysusers "$scratch/sysusers.conf"

mount -t proc proc /proc
# Not even its first process changes the kernel's knobs.
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --bind "$scratch/console" /dev/console

# As on any machine with systemd: what it mounts for a unit, such as credentials, is seen there. Nothing leaves the node.
mount --make-rshared /

exec env -i container=node PATH=/usr/bin:/bin:/usr/sbin:/sbin \
    SYSTEMD_UNIT_PATH="$scratch/units" SYSTEMD_GENERATOR_PATH="$scratch/none" \
    /lib/systemd/systemd --system --unit=node.target --log-target=journal --show-status=no
