"""A real Asterisk of the test's own, and telephones made of SIPp. `bin/asterisk` brings it where the system has none."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHROOT = ROOT / ".run" / "asterisk"
KEY = "test:test-only"

CONFIG = {
    "asterisk.conf": """[directories]
astetcdir => {etc}
astmoddir => /usr/lib/asterisk/modules
astvarlibdir => {var}
astdbdir => {var}
astkeydir => {var}
astdatadir => /usr/share/asterisk
astagidir => {var}
astspooldir => {var}
astrundir => {var}
astlogdir => {var}
""",
    "modules.conf": "[modules]\nautoload=yes\n" + "".join(
        f"noload => {name}.so\n"
        for name in ("chan_sip", "chan_iax2", "chan_skinny", "chan_mgcp", "chan_dahdi", "chan_unistim", "chan_oss", "chan_alsa", "chan_console",
                     "res_phoneprov", "cdr_pgsql", "cel_pgsql", "res_config_pgsql", "res_config_ldap", "cdr_radius", "cel_radius", "pbx_dundi", "res_hep", "res_snmp")
    ),
    "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error\n",
    "http.conf": "[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={http}\n",
    "ari.conf": "[general]\nenabled=yes\n[test]\ntype=user\nread_only=no\npassword=test-only\n",
    "rtp.conf": "[general]\nrtpstart=27000\nrtpend=27100\n",
    "musiconhold.conf": "[general]\n",
    "extensions.conf": "[hotline]\nexten => _X.,1,Stasis(eurbanmis,${{EXTEN}},1)\n same => n,Hangup()\n",
    "pjsip.conf": """[transport]
type=transport
protocol=udp
bind=127.0.0.1:{sip}

[public]
type=endpoint
context=hotline
disallow=all
allow=ulaw
direct_media=no
send_connected_line=no
[public]
type=identify
endpoint=public
match=127.0.0.1
{phones}""",
}  # fmt: skip
PHONE = """
[{number}]
type=endpoint
context=hotline
disallow=all
allow=ulaw
direct_media=no
send_connected_line=no
aors={number}
[{number}]
type=aor
contact=sip:{number}@127.0.0.1:{port}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def available():
    """Whether Asterisk and SIPp can run here."""
    has_server = shutil.which("asterisk") or (os.getuid() == 0 and (CHROOT / "usr/sbin/asterisk").exists())
    return bool(has_server and shutil.which("sipp"))


class Server:
    """Asterisk with telephones at the given extensions."""

    def __init__(self, folder, extensions):
        self.http, self.sip = free_port(), free_port()
        self.phones = {number: free_port() for number in extensions}
        self.inside = CHROOT if not shutil.which("asterisk") else None
        self.home = (self.inside / "tmp" / f"eurbanmis-{os.getpid()}") if self.inside else folder
        self.seen = Path("/") / self.home.relative_to(self.inside) if self.inside else self.home
        etc = self.home / "etc"
        etc.mkdir(parents=True, exist_ok=True)
        (self.home / "var").mkdir(exist_ok=True)
        (self.home / "var" / "recording").mkdir(exist_ok=True)
        phones = "".join(PHONE.format(number=number, port=port) for number, port in self.phones.items())
        for name, text in CONFIG.items():
            values = {
                "etc": self.seen / "etc",
                "var": self.seen / "var",
                "http": self.http,
                "sip": self.sip,
                "phones": phones,
            }
            (etc / name).write_text(text.format(**values))
        command = ["asterisk", "-f", "-C", str(self.seen / "etc" / "asterisk.conf")]
        self.process = subprocess.Popen(
            ["chroot", str(self.inside), *command] if self.inside else command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.telephones = []
        self._wait()

    @property
    def url(self):
        return f"http://{KEY}@127.0.0.1:{self.http}"

    def _wait(self):
        import httpx

        for _try in range(150):
            try:
                if httpx.get(f"http://127.0.0.1:{self.http}/ari/asterisk/info", auth=("test", "test-only")).is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise RuntimeError("Asterisk did not come up")

    def pick_up(self, number):
        """A telephone that answers at once."""
        self._sipp("-sn", "uas", "-p", str(self.phones[number]))

    def dial(self, folder, caller, called, talk_ms):
        """A caller who hangs up after `talk_ms`."""
        done = subprocess.run(["sipp", "-sd", "uac"], capture_output=True, text=True, check=False)
        scenario = folder / f"{caller}.xml"
        scenario.write_text(
            done.stdout.replace("sip:sipp@", f"sip:{caller}@").replace("<pause/>", f'<pause milliseconds="{talk_ms}"/>')
        )
        self._sipp("-sf", str(scenario), "-m", "1", "-s", called, "-p", str(free_port()), f"127.0.0.1:{self.sip}")

    def _sipp(self, *words):
        self.telephones.append(
            subprocess.Popen(
                ["sipp", *words, "-i", "127.0.0.1", "-nostdin", "-mp", str(free_port() // 2 * 2)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=str(self.home),
            )
        )  # fmt: skip

    def stop(self):
        for process in (*self.telephones, self.process):
            process.terminate()
        for process in (*self.telephones, self.process):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.home, ignore_errors=True)
