#!/bin/sh
# The part of launch.sh that starts a server again after a crash, and at boot. Not a program of its own.
# shellcheck disable=SC2154,SC2034 # Variables of launch.sh.

calm_seconds=60 # A server that ran so long has not crashed at its start.
systemd_mark=${QUORATE_SYSTEMD_MARK:-/run/systemd/system} # It and QUORATE_UNITS are set by tests alone.

# Keeping it up, where systemd does not.

keep() {
  note_pid "$home/keeper.pid"
  is_ending=no
  trap 'is_ending=yes' TERM INT HUP
  pause=1
  while :; do
    began=$(date +%s)
    sh "$script" --run &
    wait_for $!
    [ "$is_ending" = no ] || break
    case $status in 0 | 2) break ;; esac
    if [ $(($(date +%s) - began)) -ge $calm_seconds ]; then pause=1; fi
    echo "time=$(date -u +%Y-%m-%dT%H:%M:%SZ) level=warn event=ended status=$status restart_seconds=$pause" >&2
    sleep $pause &
    wait $! || kill $! 2>/dev/null || true # A signal ends `wait` early.
    [ "$is_ending" = no ] || break
    pause=$((pause * 2 < pause_max ? pause * 2 : pause_max))
  done
  rm -f "$home/keeper.pid"
}

wait_for() { # wait_for PID: until it has ended; sets `status`
  status=0
  wait "$1" || status=$?
  while kill -0 "$1" 2>/dev/null; do # A signal ended `wait` early.
    status=0
    wait "$1" || status=$?
  done
}

# At boot.

write_unit() { # write_unit TARGET
  cat <<UNIT
[Unit]
Description=Quorate, a replicated key-value store
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
Environment="QUORATE_HOME=$home"
WorkingDirectory=$home
ExecStart=/bin/sh "$script" --run
StandardError=append:$home/kvnode.log
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=2
TimeoutStartSec=60
TimeoutStopSec=$stop_seconds
KillMode=mixed
LimitNOFILE=1048576

[Install]
WantedBy=$1
UNIT
}

is_unit_ours() { # is_unit_ours FILE
  grep -Fqx "WorkingDirectory=$home" "$1" 2>/dev/null
}

systemd() { # Sets `manager` and `units` where there is one, with a manager that this login may use.
  manager=
  [ -d "$systemd_mark" ] && command -v systemctl >/dev/null 2>&1 || return 0
  if [ "$(id -u)" -eq 0 ]; then
    manager=systemctl units=/etc/systemd/system target=multi-user.target
  elif systemctl --user show-environment >/dev/null 2>&1; then
    manager='systemctl --user' units=${XDG_CONFIG_HOME:-${HOME-}/.config}/systemd/user target=default.target
  fi
  units=${QUORATE_UNITS:-${units-}}
}

settle_boot() { # Sets `manager` if the server is a service, or becomes one.
  systemd
  unit=${units-}/quorate.service
  case ${AT_BOOT-} in
  yes) start_at_boot ;;
  no) not_at_boot ;;
  '') if [ -n "$manager" ] && ! is_unit_ours "$unit"; then manager=; fi ;;
  *) bad "AT_BOOT is yes or no, not '$AT_BOOT'" ;;
  esac
}

start_at_boot() {
  if [ -z "$manager" ]; then
    cat >"$home/start-at-boot.new" <<BOOT
#!/bin/sh
# Made by $self; AT_BOOT=no $self start removes it.
PATIENT=yes QUORATE_HOME='$home' KVNODE='$kvnode' exec sh '$script' start
BOOT
    chmod 755 "$home/start-at-boot.new"
    mv "$home/start-at-boot.new" "$home/start-at-boot"
    sync # Else a plug pulled soon after takes it along.
    note_in_crontab "@reboot '$home/start-at-boot'"
    return
  fi
  if [ -f "$unit" ] && ! is_unit_ours "$unit"; then die "$unit is that of another server"; fi
  mkdir -p "$units" && write_unit "$target" >"$home/quorate.service.new"
  if ! cmp -s "$home/quorate.service.new" "$unit"; then
    cat "$home/quorate.service.new" >"$unit" || die "$unit cannot be written"
    $manager daemon-reload
  fi
  rm -f "$home/quorate.service.new"
  $manager enable quorate.service 2>/dev/null || die "systemd does not enable quorate.service"
  # A user's services end with the last login, and do not start at boot, unless this is asked for.
  case $manager in
  *--user)
    loginctl enable-linger 2>/dev/null ||
      echo "at boot only once root says: loginctl enable-linger $(id -un)" >&2
    ;;
  esac
}

not_at_boot() {
  rm -f "$home/start-at-boot"
  note_in_crontab ''
  if [ -n "$manager" ] && is_unit_ours "$unit"; then
    stop >/dev/null
    $manager disable quorate.service 2>/dev/null || true
    rm -f "$unit"
    $manager daemon-reload
  fi
  manager=
}

note_in_crontab() { # note_in_crontab LINE: in place of the one that is there
  command -v crontab >/dev/null 2>&1 || return 0
  before=$(crontab -l 2>/dev/null || true)
  after=$(echo "$before" | grep -vF "'$home/start-at-boot'" || true)
  if [ -n "$1" ]; then after=$after${after:+"
"}$1; fi
  [ "$before" = "$after" ] || echo "$after" | crontab - || echo "crontab takes no line for $home/start-at-boot" >&2
}
