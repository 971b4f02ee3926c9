"""wireguard-go of bookworm-backports, program and test suite, from the Debian mirror that apt itself is configured with.

Both are kept in a folder of the user's cache; neither is installed.
"""

import contextlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

UPSTREAM = "0.0.20231211"
VERSION = f"{UPSTREAM}-1~bpo12+1"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Unavailable(Exception):
    """It is not in the cache and cannot be fetched; the message says why."""


def program():
    """The path of its wireguard-go."""
    folder = _cache("wireguard-go")
    path = folder / "usr" / "bin" / "wireguard-go"
    if not path.exists():
        with _apt("deb", folder) as (apt, scratch):
            _call(*apt, "download", "wireguard-go", cwd=scratch)
            _call("dpkg", "-x", next(scratch.glob("wireguard-go_*.deb")), folder, cwd=scratch)
    return str(path)


def suite():
    """The path of tests/netns.sh of its source, unchanged."""
    folder = _cache("wireguard-go-source")
    path = folder / f"wireguard-go-{UPSTREAM}" / "tests" / "netns.sh"
    if not path.exists():
        with _apt("deb-src", folder) as (apt, scratch):
            # Mirrors drop Debian's own part of a source first. What apt leaves it has checked against the signed list.
            with contextlib.suppress(Unavailable):
                _call(*apt, "source", "--download-only", f"wireguard-go={VERSION}", cwd=scratch)
            archive = scratch / f"wireguard-go_{UPSTREAM}.orig.tar.gz"
            if not archive.exists():
                raise Unavailable(f"the mirror has no {archive.name}")
            with tarfile.open(archive) as source:
                source.extract(str(path.relative_to(folder)), folder)
    return str(path)


def _cache(name):
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return home / "weir" / f"{name}-{UPSTREAM}"


def _mirror():
    for file in [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]:
        with contextlib.suppress(OSError):
            found = re.search(r"^(?:deb(?:\s+\[[^]]*\])?|URIs:)\s+(\S+/debian/?)(?:\s|$)", file.read_text(), re.M)
            if found:
                return found.group(1)
    raise Unavailable("apt's configuration names no Debian mirror")


@contextlib.contextmanager
def _apt(kind, folder):
    """apt-get that knows bookworm-backports alone, its lists read, and a folder to work in."""
    mirror = _mirror()
    print(f"Fetching wireguard-go {VERSION} into {folder}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        scratch.chmod(0o755)
        for part in ("lists/partial", "cache/archives/partial"):
            (scratch / part).mkdir(parents=True)
        (scratch / "list").write_text(f"{kind} [signed-by={_KEYRING}] {mirror} bookworm-backports main\n")
        apt = ["apt-get", "-qq", "-o", f"Dir::Etc::sourcelist={scratch}/list", "-o", "Dir::Etc::sourceparts=/dev/null",
               "-o", f"Dir::State::lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache", "-o",
               "APT::Sandbox::User=root", "-o", "APT::Update::Error-Mode=any"]
        _call(*apt, "update", cwd=scratch)
        folder.mkdir(parents=True, exist_ok=True)
        yield apt, scratch


def _call(*command, cwd):
    done = subprocess.run([str(part) for part in command], cwd=cwd, text=True, timeout=120,
                          capture_output=True, check=False)
    if done.returncode != 0:
        complaint = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise Unavailable(f"{command[0]}: {complaint[0]}")
