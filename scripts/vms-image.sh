#!/usr/bin/env bash
# Builds the disk image of the virtual machines from Debian's packages. `scripts/vms-image.sh --help` teaches.
set -euo pipefail

self=${0##*/}
top=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin

usage() {
  cat <<HELP
$self: one bootable disk image for the machines of a cluster, from Debian's packages.

  $self            make .build/vms/quorate.img where it is missing or its parts have changed
  $self --path     the same, and say where it is

The image boots by BIOS and by UEFI: a FAT partition with syslinux, Debian's cloud kernel and an initramfs
(busybox, dropbear for ssh, iptables, the libraries that the server is linked with), and an empty ext4
partition, /data, for what is kept. A machine asks DHCP for its address, lets in the ssh key
.build/vms/key, and runs /data/quorate/start-at-boot where it is there. The file is sparse: it takes up to
$image_max_mb MB of disk, whatever its size.

Environment
  VMS_DIR      directory of image, key and packages           (default .build/vms)
  VMS_DISK_MB  size of the disk                               (default $disk_mb)
HELP
}

die() {
  echo "ERROR: $1" >&2
  exit "${2:-1}"
}
say() { echo "image: $1"; }

# Megabytes.
image_max_mb=60
boot_mb=48
disk_mb=${VMS_DISK_MB:-512}

directory=${VMS_DIR:-$top/.build/vms}
parts=$top/scripts/vms
packages=$directory/packages
image=$directory/quorate.img
architecture=x86_64-linux-gnu

# What is in the machine, beside the kernel. Libraries come with the packages that they are in.
contents=(busybox-static dropbear-bin iptables libuv1 libstdc++6 libgcc-s1 libc6 libcrypt1 libgmp10 libip4tc2
  libip6tc2 libmnl0 libnetfilter-conntrack3 libnfnetlink0 libnftnl11 libtomcrypt1 libtommath1 libxtables12
  zlib1g syslinux-common syslinux-efi)

# For disks and cards of QEMU, VirtualBox, VMware, Hyper-V and Xen, as far as the cloud kernel has them.
modules=(virtio_pci virtio_mmio virtio_blk virtio_scsi virtio_net virtio-rng sd_mod ata_piix nvme vmw_pvscsi
  vmxnet3 hv_vmbus hv_storvsc hv_netvsc xen-netfront xen-blkfront button evdev ip_tables iptable_filter
  ip6_tables ip6table_filter)

need_programs() {
  local program missing=()
  for program in apt-get dpkg-deb readelf cpio zstd depmod sfdisk mformat mcopy mmd syslinux mke2fs ssh-keygen; do
    command -v $program >/dev/null || missing+=("$program")
  done
  [ ${#missing[@]} -eq 0 ] || die "not here: ${missing[*]}; scripts/deps.sh vms installs what is missing"
}

# Packages. They are unpacked only, never installed; once fetched they stay, so the image stays the same.

kernel_package() {
  apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" { print $2; exit }'
}

has_package() { compgen -G "$packages/$1_*.deb" >/dev/null; }

fetch() {
  local name missing=()
  mkdir -p "$packages"
  for name in "${contents[@]}"; do has_package "$name" || missing+=("$name"); done
  compgen -G "$packages/linux-image-*.deb" >/dev/null || missing+=(kernel)
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -eq 0 ]; then apt-get -qq update || say "no fresh lists of packages: going on with old ones"; fi
  if [ "${missing[-1]}" = kernel ]; then
    name=$(kernel_package)
    [ -n "$name" ] || die "Debian's linux-image-cloud-amd64 is not to be had here"
    missing[-1]=$name
  fi
  say "fetching ${#missing[@]} packages from Debian"
  (cd "$packages" && apt-get -qq -o APT::Sandbox::User=root download "${missing[@]}" >/dev/null) ||
    die "packages cannot be fetched: ${missing[*]}"
}

unpack() { # Into $work/debian.
  local package
  for package in "$packages"/*.deb; do dpkg-deb -x "$package" "$work/debian"; done
  # As in a merged /usr, so that each file has one name.
  local name
  for name in bin sbin lib lib64; do
    [ -d "$work/debian/$name" ] || continue
    mkdir -p "$work/debian/usr/$name"
    cp -a "$work/debian/$name/." "$work/debian/usr/$name/"
    rm -rf "${work:?}/debian/$name"
  done
}

# The initramfs.

copy_library() { # copy_library NAME
  local found
  found=$(find "$work/debian/usr" -name "$1" | head -n 1)
  [ -n "$found" ] || die "no library $1 in the packages"
  cp -L "$found" "$root/lib/$1"
}

copy_needed() { # copy_needed FILE: the libraries that it is linked with, and theirs
  local name
  while read -r name; do
    [ ! -e "$root/lib/$name" ] || continue
    copy_library "$name"
    copy_needed "$root/lib/$name"
  done < <(readelf -d "$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
}

copy_program() { # copy_program PATH
  cp -L "$work/debian/$1" "$root/sbin/${1##*/}"
  copy_needed "$root/sbin/${1##*/}"
}

copy_programs() {
  local name
  cp "$work/debian/usr/bin/busybox" "$root/bin/busybox"
  for name in $("$root/bin/busybox" --list); do
    # Nothing here runs what a crontab says: /data/quorate/start-at-boot is what is run.
    case $name in
    busybox | crond | crontab) ;;
    *) ln -s busybox "$root/bin/$name" ;;
    esac
  done
  copy_program usr/sbin/dropbear
  copy_program usr/bin/dropbearkey
  copy_program usr/sbin/xtables-legacy-multi
  for name in iptables ip6tables iptables-save iptables-restore; do
    ln -s xtables-legacy-multi "$root/sbin/$name"
  done
  mkdir -p "$root/usr/lib/$architecture/xtables"
  cp "$work/debian/usr/lib/$architecture/xtables/libxt_standard.so" "$root/usr/lib/$architecture/xtables/"
  # What the server may be linked with, and glibc needs to find names.
  for name in libuv.so.1 libstdc++.so.6 libnss_dns.so.2 libnss_files.so.2 libresolv.so.2 libdl.so.2 \
    libpthread.so.0 librt.so.1; do
    copy_library $name
    copy_needed "$root/lib/$name"
  done
  mkdir -p "$root/lib64"
  ln -sf ../lib/ld-linux-x86-64.so.2 "$root/lib64/"
}

copy_modules() {
  local source=$work/debian/usr/lib/modules version name path
  version=$(ls "$source")
  depmod -b "$work/debian/usr" "$version" 2>/dev/null || true
  mkdir -p "$root/lib/modules/$version"
  cp "$source/$version"/modules.builtin* "$source/$version/modules.order" "$root/lib/modules/$version/"
  for name in "${modules[@]}"; do
    # Built into the kernel, or not made for it: nothing to copy. Dependencies first.
    modprobe -d "$work/debian/usr" -S "$version" --show-depends "$name" 2>/dev/null |
      awk '$1 == "insmod" { print $2 }'
  done | sort -u | while read -r path; do
    path=${path#"$source/"}
    mkdir -p "$root/lib/modules/$(dirname "$path")"
    cp "$source/$path" "$root/lib/modules/$path"
  done
  depmod -b "$root" "$version"
}

make_root() {
  root=$work/root
  mkdir -p "$root"/{bin,sbin,lib,etc,proc,sys,dev,data,usr/bin,usr/sbin,var/log}
  ln -s /run "$root/var/run"
  ln -s ../lib "$root/lib/$architecture"
  copy_programs
  copy_modules
  cp "$parts"/* "$root/etc/"
  # Where acpid looks for what the power button does.
  mkdir -p "$root/etc/acpi/PWRF"
  mv "$root/etc/power" "$root/etc/acpi/PWRF/00000080"
  ln -s bin/busybox "$root/init"
  echo 'root:x:0:0:root:/data:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  echo '127.0.0.1 localhost' >"$root/etc/hosts"
  cp "$directory/key.pub" "$root/etc/authorized_keys"
  (cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) | zstd -q -10 >"$work/initrd"
}

# The disk.

make_disk() {
  local start=2048 boot=$((boot_mb * 2048)) offset disk=$work/disk
  local kernel=$work/debian/boot common=$work/debian/usr/lib
  offset=$((start * 512))
  truncate -s "${disk_mb}M" "$disk"
  printf '%s\n' 'label: dos' "start=$start, size=$((boot - start)), type=c, bootable" "start=$boot, type=83" |
    sfdisk -q "$disk"
  dd if="$common/syslinux/mbr/mbr.bin" of="$disk" conv=notrunc status=none
  mformat -i "$disk@@$offset" -T $((boot - start)) -h 64 -s 32 -v QUORATE ::
  mmd -i "$disk@@$offset" ::/EFI ::/EFI/BOOT
  mcopy -i "$disk@@$offset" "$kernel"/vmlinuz-* ::/linux
  mcopy -i "$disk@@$offset" "$work/initrd" ::/initrd
  mcopy -i "$disk@@$offset" "$parts/syslinux.cfg" ::/syslinux.cfg
  mcopy -i "$disk@@$offset" "$common/SYSLINUX.EFI/efi64/syslinux.efi" ::/EFI/BOOT/BOOTX64.EFI
  mcopy -i "$disk@@$offset" "$common/syslinux/modules/efi64/ldlinux.e64" ::/EFI/BOOT/ldlinux.e64
  syslinux --install -t "$offset" "$disk"
  mke2fs -q -t ext4 -L quorate-data -m 0 -J size=8 -E "offset=$((boot * 512)),root_owner=0:0" \
    "$disk" "$((disk_mb - boot_mb))M"
}

used_mb() { du -m "$1" | cut -f 1; }

build() {
  work=$(mktemp -d "$directory/work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  fetch
  say "building $image"
  unpack
  make_root
  make_disk
  [ "$(used_mb "$work/disk")" -le $image_max_mb ] ||
    die "the image takes $(used_mb "$work/disk") MB, over $image_max_mb"
  mv "$work/disk" "$image"
  install "$work/debian/usr/bin/busybox" "$directory/busybox.new" # The one there may run.
  mv "$directory/busybox.new" "$directory/busybox"
  inputs >"$directory/image.inputs"
  say "$image: $disk_mb MB, $(used_mb "$image") MB of them used"
}

inputs() { # What the image is made of.
  echo "$disk_mb"
  (cd "$packages" && ls -- *.deb)
  cat "$0" "$parts"/* "$directory/key.pub" | sha256sum
}

is_current() { [ -f "$image" ] && inputs 2>/dev/null | cmp -s - "$directory/image.inputs"; }

case ${1-} in
'' | --path) ;;
--help)
  usage
  exit
  ;;
*) die "unexpected argument '$1': see $self --help" 2 ;;
esac
if [[ ! $disk_mb =~ ^[1-9][0-9]{2,5}$ ]] || [ "$disk_mb" -lt 128 ]; then
  die "VMS_DISK_MB is a number from 128 on, not '$disk_mb'" 2
fi
mkdir -p "$directory"
[ -f "$directory/key" ] || ssh-keygen -q -t ed25519 -N '' -C quorate-vms -f "$directory/key"
is_current || {
  need_programs
  build
}
if [ "${1-}" = --path ]; then echo "$image"; fi
