#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What tools/deb-test.sh does inside a bare Debian: deb-test-inside.sh install|serve|upgrade PACKAGE...
# One line of TAP for each step; the first that fails ends it. Never run it outside: it installs and purges weir.
set -euo pipefail

number=0
ok() { # what, command...
    local what=$1
    shift
    number=$((number + 1))
    if "$@" >/tmp/said 2>&1; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        cat /proc/[0-9]*/comm >>/tmp/said 2>/dev/null || true
        sed 's/^/#   /' /tmp/said | tail -n 40
        exit 1
    fi
}
not() { ! "$@"; }
same() { [ "$1" = "$2" ] || { echo "'$1' instead of '$2'"; false; }; }

files() { # what is there, and what /etc says; not what dpkg, apt and ld.so remember
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /srv -o -path /mnt \
        -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /var/log \
        -o -path /root \) -prune -o ! -path '/etc/*-' ! -path /etc/ld.so.cache ! -path '/etc/.pwd.lock' \
        -printf '%M %u %g %p\n' | LC_ALL=C sort -k 4
    find /etc -type f ! -name '*-' ! -name ld.so.cache ! -name .pwd.lock -exec sha256sum {} + | LC_ALL=C sort -k 2
}

stand_in() { # for systemctl, until systemd would run: keeps the daemon's pid, as the unit would
    mkdir -p /run/systemd/system /run/weir
    chown weir:weir /run/weir
    cat >/usr/local/sbin/systemctl <<'SH'
#!/bin/bash
echo "$*" >>/run/systemctl.log
alive() { [ -s /run/weir.pid ] && kill -0 "$(cat /run/weir.pid)" 2>/dev/null; }
case "$*" in
    *is-active*weir.service*) alive ;;
    *is-enabled*weir.service*) [ -L /etc/systemd/system/multi-user.target.wants/weir.service ] ;;
    *stop*weir.service*) alive && kill "$(cat /run/weir.pid)" && tail --pid="$(cat /run/weir.pid)" -f /dev/null ;;
    *try-restart*weir.service*)
        alive || exit 0
        kill "$(cat /run/weir.pid)" && tail --pid="$(cat /run/weir.pid)" -f /dev/null
        /srv/deb-test-inside.sh start
        ;;
esac
SH
    chmod 755 /usr/local/sbin/systemctl
}

start() { # the gateway as root starts it; it becomes the user weir
    rm -f /run/weir/control.sock
    setsid weir serve >>/srv/serve.log 2>&1 </dev/null &
    echo $! >/run/weir.pid
    for _ in $(seq 100); do
        [ -S /run/weir/control.sock ] && return 0
        kill -0 "$(cat /run/weir.pid)" 2>/dev/null || break
        sleep 0.1
    done
    cat /srv/serve.log
    return 1
}

runs() {
    local comm name
    for comm in /proc/[0-9]*/comm; do
        read -r name 2>/dev/null <"$comm" && [ "$name" = weir ] && return 0
    done
    return 1
}
answers() { same "$(weir ask @127.0.0.1 "$1" +short +timeout=1 +retry=0)" 192.0.2.1; }
version_runs() { weir status --json | grep -q "\"version\": *\"$1\""; }
user_of() { stat -c %U:%a "$1"; }

phase_install() {
    local first=$1
    files >/srv/before
    ok "dpkg unpacks it and names what is missing" not dpkg -i "$first"
    ok "apt brings the dependencies" apt-get -f install -y --no-install-recommends
    ok "it is installed" same "$(dpkg-query -W -f '${db:Status-Status}' weir)" installed
    ok "what lies there is what was packed" same "$(dpkg -V weir)" ""
    ok "nothing was started" not runs
    ok "nothing was enabled" same "$(find /etc/systemd -name 'weir*' 2>/dev/null)" ""
    ok "the program says its version" same "$(weir --version)" "weir $(dpkg-query -W -f '${Version}' weir)"
    ok "the configuration is good" same "$(weir check 2>&1)" "/etc/weir/weir.yaml: good"
    ok "the samples are good" weir check /usr/share/doc/weir/examples/home.yaml
    ok "the user is there, without a shell" same "$(getent passwd weir | cut -d : -f 6-)" \
        /var/lib/weir:/usr/sbin/nologin
    ok "its folder is its own" same "$(user_of /var/lib/weir)" weir:700
    cat >>/etc/weir/weir.yaml <<'YAML'
upstream: {groups: [{name: test, servers: ["udp://127.0.0.1:5399"]}]}
dnssec: {validate: false} # the names of the test are nobody's
cache: {keep: {path: /var/lib/weir/cache}}
YAML
    ok "the edited configuration is good" weir check
}

phase_serve() {
    mkdir -p /run/weir
    chown weir:weir /run/weir
    ok "it starts" start
    ok "it runs" runs
    ok "it answers what an upstream knows" answers kept.example
    ok "it became its user" same "$(stat -c %U "/proc/$(cat /run/weir.pid)")" weir
    kill "$(cat /run/weir.pid)"
    ok "it ends" timeout 20 tail --pid="$(cat /run/weir.pid)" -f /dev/null
    ok "the cache is kept, and private" same "$(user_of /var/lib/weir/cache)" weir:600
}

# No upstream from here on: what is answered was kept.
phase_upgrade() {
    local first second third pid
    first=$(dpkg-query -W -f '${Version}' weir)
    second=$(dpkg-deb -f "$1" Version)
    third=$(dpkg-deb -f "$2" Version)
    ok "the second version is newer, and the third is newer still" \
        eval "dpkg --compare-versions $first lt $second && dpkg --compare-versions $second lt $third"
    stand_in
    mkdir -p /etc/systemd/system/multi-user.target.wants
    ln -s /usr/lib/systemd/system/weir.service /etc/systemd/system/multi-user.target.wants/weir.service
    cp /etc/weir/weir.yaml /srv/edited.yaml
    ok "it starts without an upstream" start
    ok "it answers from the kept cache" answers kept.example
    ok "the first version runs" version_runs "$first"
    pid=$(cat /run/weir.pid)
    ok "dpkg upgrades it, and asks nothing" dpkg -i "$1"
    ok "the configuration is as it was edited" cmp /etc/weir/weir.yaml /srv/edited.yaml
    ok "the running one was restarted" not kill -0 "$pid"
    ok "the second version runs" version_runs "$second"
    ok "it still answers from the cache" answers kept.example
    ok "where the new default differs the edited file stays" dpkg --force-confold -i "$2"
    ok "the configuration is still as it was edited" cmp /etc/weir/weir.yaml /srv/edited.yaml
    ok "the new default lies beside it" test -f /etc/weir/weir.yaml.dpkg-dist
    ok "the third version is installed" same "$(dpkg-query -W -f '${Version}' weir)" "$third"
    ok "it answers after that upgrade too" answers kept.example
    kill "$(cat /run/weir.pid)"
    tail --pid="$(cat /run/weir.pid)" -f /dev/null
    : >/run/systemctl.log
    ok "one that does not run is not started by an upgrade" dpkg -i "$2"
    ok "it does not run" not runs

    ok "it starts again" start
    ok "dpkg removes it" dpkg -r weir
    ok "it was stopped" not runs
    ok "the program is gone" not test -e /usr/bin/weir
    ok "the configuration is there" cmp /etc/weir/weir.yaml /srv/edited.yaml
    ok "the cache is there" test -s /var/lib/weir/cache
    ok "dpkg installs it again" dpkg -i "$2"
    ok "it starts with what it had" start
    ok "it answers from the cache of before the removal" answers kept.example
    ok "dpkg purges it" dpkg -P weir
    ok "it was stopped, by a purge too" not runs
    ok "its folder is gone" not test -e /var/lib/weir
    ok "its user is gone" not getent passwd weir
    ok "its group is gone" not getent group weir
    ok "apt takes the dependencies away" apt-get autoremove --purge -y
    rm -f /usr/local/sbin/systemctl
    rmdir --ignore-fail-on-non-empty /etc/systemd/system/multi-user.target.wants
    files >/srv/after
    ok "nothing is left of it" diff /srv/before /srv/after
}

case ${1:-} in
    start) start ;;
    install | serve | upgrade) "phase_$1" "${@:2}" ;;
    *)
        echo "usage: deb-test-inside.sh install|serve|upgrade PACKAGE..." >&2
        exit 2
        ;;
esac
