# shellcheck shell=bash
# What scripts/vms.sh is made of: the network, one machine. It sets the variables that this reads.
# shellcheck disable=SC2154

detach() { # detach PIDFILE LOG COMMAND…: in the namespace, in a session of its own; it notes its own pid
  local pidfile=$1 log=$2
  shift 2
  rm -f "$pidfile"
  (
    note_own_pid "$pidfile"
    exec setsid nsenter --net="/run/netns/$namespace" "$@" </dev/null >"$log" 2>&1 9>&-
  ) &
  wait_until 10 test -f "$pidfile" || die "$1 cannot be started"
}

# The network: a namespace, a bridge in it, a tap for each machine, and an address from DHCP by the card's.

has_network() { ip netns list 2>/dev/null | grep -qE "^$namespace( |$)"; }
inside() { nsenter --net="/run/netns/$namespace" -- "$@"; }
network_owner() { ip -n "$namespace" link show vms 2>/dev/null | sed -n 's/^ *alias //p'; }
need_network() { has_network || die "no machine runs: make vms"; }

need_own_network() {
  local owner
  owner=$(network_owner)
  [ "$owner" = "$directory" ] ||
    die "the network namespace $namespace is ${owner:+that of $owner}${owner:-not of our making}: VMS_NETNS=NAME"
}

make_network() {
  if has_network; then
    need_own_network
    return
  fi
  ip netns add "$namespace"
  ip -n "$namespace" link set lo up
  ip -n "$namespace" link add vms type bridge forward_delay 0
  ip -n "$namespace" link set vms alias "$directory"
  ip -n "$namespace" address add "$net.254/24" dev vms
  ip -n "$namespace" link set vms up
}

make_tap() { # make_tap N
  ip -n "$namespace" link show "vm$1" >/dev/null 2>&1 || ip -n "$namespace" tuntap add "vm$1" mode tap
  ip -n "$namespace" link set "vm$1" master vms up
}

card() { printf '52:54:00:88:00:%02x' "$1"; }

start_dhcp() {
  local i
  is_gone "$directory/dhcp.pid" || return 0
  {
    printf '%s\n' "interface vms" "start $(address 1)" "end $(address "$machines_max")" \
      "max_leases $machines_max" "option subnet 255.255.255.0" "option lease 864000" \
      "lease_file $directory/dhcp.leases" "pidfile $directory/dhcp.own.pid"
    for ((i = 1; i <= machines_max; i++)); do echo "static_lease $(card "$i") $(address "$i")"; done
  } >"$directory/dhcp.conf"
  : >"$directory/dhcp.leases"
  detach "$directory/dhcp.pid" "$directory/dhcp.log" "$directory/busybox" udhcpd -f "$directory/dhcp.conf"
}

# A machine.

make_disk() { # make_disk N: a copy of the image; one that is there keeps its data, and gets what boots anew
  local disk boot
  disk=$(home "$1")/disk
  mkdir -p "$(home "$1")"
  if [ ! -f "$disk" ]; then
    cp --sparse=always "$image" "$disk.new"
    mv "$disk.new" "$disk"
    # A new machine has a new key.
    [ ! -f "$directory/known_hosts" ] || ssh-keygen -q -f "$directory/known_hosts" -R "$(address "$1")" 2>/dev/null
    rm -f "$directory/known_hosts.old"
  elif [ "$image" -nt "$(home "$1")/boot" ]; then
    boot=$(sfdisk -l -o Start "$image" | tail -n 1)
    dd if="$image" of="$disk" bs=512 count="$((boot))" conv=notrunc,sparse status=none
  fi
  touch "$(home "$1")/boot"
}

boot() { # boot N
  local own arguments
  own=$(home "$1")
  make_tap "$1"
  rm -f "$own/qmp" "$own/serial"
  # shellcheck disable=SC2054 # The commas are QEMU's.
  arguments=(
    -name "quorate-$1" -machine pc "${processor[@]}" -smp 1 -m "$memory" -nodefaults -display none
    -drive "file=$own/disk,if=none,id=disk,format=raw" -device virtio-blk-pci,drive=disk,bootindex=0
    -netdev "tap,id=net,ifname=vm$1,script=no,downscript=no"
    -device "virtio-net-pci,id=card,netdev=net,mac=$(card "$1"),romfile="
    -device virtio-rng-pci
    -chardev "socket,id=serial,path=$own/serial,server=on,wait=off,logfile=$own/serial.log"
    -serial chardev:serial
    -qmp "unix:$own/qmp,server=on,wait=off"
  )
  detach "$own/pid" "$own/qemu.log" qemu-system-x86_64 "${arguments[@]}"
}

qmp() { # qmp N COMMAND [ARGUMENTS]: what QEMU answered; fails where it refused
  local socket answers=0 line out in pid words
  socket=$(home "$1")/qmp
  words="{\"execute\":\"$2\",\"arguments\":${3:-"{}"}}"
  ! is_gone "$(home "$1")/pid" || die "machine $1 does not run"
  wait_until 10 test -S "$socket" || die "machine $1 has no monitor"
  coproc socat - "UNIX-CONNECT:$socket"
  # shellcheck disable=SC2153 # Coproc sets it.
  pid=$COPROC_PID in=${COPROC[1]} out=${COPROC[0]}
  printf '%s\n' '{"execute":"qmp_capabilities"}' "$words" >&"$in"
  while [ $answers -lt 2 ] && IFS= read -r -t 20 line <&"$out"; do
    case $line in
    '{"return"'*) answers=$((answers + 1)) ;;
    '{"error"'*) break ;;
    esac
  done
  exec {in}>&-
  wait "$pid" 2>/dev/null || true
  [ $answers -eq 2 ] || die "machine $1 refused $2: ${line:-no answer}"
  echo "$line"
}

ssh_words() { # Sets `ssh`.
  ssh=(ssh -o BatchMode=yes -o ConnectTimeout=5 -o LogLevel=ERROR -i "$directory/key" -o IdentitiesOnly=yes
    -o "UserKnownHostsFile=$directory/known_hosts" -o StrictHostKeyChecking=accept-new -l root)
}

answers_ssh() { inside "${ssh[@]}" "$(address "$1")" true </dev/null >/dev/null 2>&1; }
has_booted() { # One that does not yet is not asked without end: it boots on the same processors.
  is_gone "$(home "$1")/pid" || answers_ssh "$1" || {
    sleep 0.1
    false
  }
}

await() { # await N…
  local i failed=0
  for i in "$@"; do
    if ! wait_until "$patience" has_booted "$i"; then
      complain "machine $i does not answer ssh after $patience s: $self log $i"
      failed=1
    elif is_gone "$(home "$i")/pid"; then
      complain "machine $i has ended: $(tail -n 1 "$(home "$i")/qemu.log")"
      failed=1
    fi
  done
  return $failed
}
