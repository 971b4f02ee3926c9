#!/usr/bin/env python3
"""What README.md and docs/ tell people to type is typed.

usage: docs.py [--show] [PAGE...]      --show: what each block printed; PAGE: only these

Every fenced block has a language. The `sh` blocks of a page run in order in one `bash -e`, in a fresh folder that looks like the
root of the tree, with the programs just built on PATH. The page's first line says what surrounds them:

    <!-- docs-test: none -->        nothing
    <!-- docs-test: mesh -->        the demo's mesh, with load, and WEIR_SOCKET at its controller
    <!-- docs-test: busy mesh -->   the same with servers whose requests take time

Words after the language say more:

    ```sh exit=3                    the block ends with this exit status, and no command in it with another but 0
    ```sh again                     it only looks: repeated until the `text` block directly after it is what it prints
    ```sh not-run="WHY"             it cannot run here

A `text` block directly after an `sh` block is compared with what that printed: each line must have been there, whatever its
numbers; `text example` is not compared: the words differ from run to run. Relative links and their anchors must exist.

The test has a /run, a network and process numbers of its own: it meets no demo that runs beside it and leaves nothing behind.
"""
import contextlib
import dataclasses
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
INSIDE = "WEIR_DOCS_INSIDE"
PATIENCE_S = 60  # for a block
TRIES = 200      # of one that is to be repeated, with a fifth of a second between
SURROUNDINGS = re.compile(r"<!-- docs-test: (none|mesh|busy mesh) -->")
LANGUAGES = {"sh", "text", "yaml", "json"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NUMBER = re.compile(r"-|[(\"]?[-+$]*\d\S*|[0-9a-f]{8,}\S*")
UNITS = {"us", "ms", "s"}


@dataclasses.dataclass
class Block:
    where: str
    language: str
    text: str
    exit: int = 0
    again: bool = False
    example: bool = False
    not_run: str | None = None
    printed: str | None = None  # the text block directly after it


def blocks_of(path, complain):
    """The fenced blocks of a page, in order."""
    blocks, fence, before = [], None, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.relative_to(ROOT)}:{number}"
        if fence is None and line.lstrip().startswith("```"):
            fence, body = read_info(where, line.strip()[3:], complain), []
        elif fence is not None and line.strip() == "```":
            fence.text = "\n".join(body) + "\n"
            if fence.language == "text" and not fence.example and before is not None:
                before.printed = fence.text
            before = fence if fence.language == "sh" else None
            blocks.append(fence)
            fence = None
        elif fence is not None:
            body.append(line)
        elif line.strip():
            before = None
    if fence is not None:
        complain(f"{fence.where}: this block has no end")
    return blocks


def read_info(where, info, complain):
    block = Block(where, "", "")
    try:
        words = shlex.split(info)
    except ValueError as error:
        complain(f"{where}: {error}: {info}")
        return block
    if not words or words[0] not in LANGUAGES:
        complain(f"{where}: a block's language is one of {', '.join(sorted(LANGUAGES))}, not \"{info}\"")
        return block
    block.language = words[0]
    for word in words[1:]:
        name, _, value = word.partition("=")
        if block.language == "sh" and name == "not-run" and value.strip():
            block.not_run = value
        elif block.language == "sh" and name == "exit" and value.isdigit():
            block.exit = int(value)
        elif block.language == "sh" and word == "again":
            block.again = True
        elif block.language == "text" and word == "example":
            block.example = True
        elif block.language != "json":  # policy_step.py knows its own
            complain(f"{where}: \"{word}\" says nothing; known are again, exit=N, not-run=\"WHY\" and, of text, example")
    return block


# Links.

def without_blocks(text):
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S)


def anchors_of(path):
    """The anchors of a page's headings, as forges make them."""
    anchors = set()
    for title in re.findall(r"^#+ +(.*?) *$", without_blocks(path.read_text()), re.M):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        count = 0
        while (anchor if not count else f"{anchor}-{count}") in anchors:
            count += 1
        anchors.add(anchor if not count else f"{anchor}-{count}")
    return anchors


def check_links(path, complain):
    for target in LINK.findall(re.sub(r"`[^`\n]*`", "", without_blocks(path.read_text()))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        other = (path.parent / name).resolve() if name else path
        if not other.exists():
            complain(f"{path.relative_to(ROOT)}: nothing is at {target}")
        elif anchor and anchor not in anchors_of(other):
            complain(f"{path.relative_to(ROOT)}: no heading is at {target}")


# What was printed.

def line_pattern(line):
    """What a line may look like: numbers, times and dashes may be others."""
    words = line.split()
    parts = []
    for at, word in enumerate(words):
        if NUMBER.fullmatch(word):
            parts.append(r"\S+(?: (?:us|ms|s))?")
        elif not (word in UNITS and at > 0 and NUMBER.fullmatch(words[at - 1])):
            parts.append(re.escape(word))
    return re.compile(r"\s+".join(parts))


def missing_lines(expected, output):
    lines = [line.strip() for line in output.splitlines()]
    return [line for line in expected.splitlines() if line.strip() not in ("", "...")
            and not any(line_pattern(line).fullmatch(candidate) for candidate in lines)]


# The shell.

class Failure(Exception):
    pass


class Shell:
    """One `bash -e`; each block is a file that it sources."""

    def __init__(self, folder, files, environment):
        self.files = files
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen(["bash", "-e"], cwd=folder, env=environment, stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[write_end],
                                        start_new_session=True)
        os.close(write_end)
        self.report_to = write_end
        self.reports = os.fdopen(read_end)

    def run(self, block):
        """(exit status, what it printed)."""
        source, output = self.files / "block.sh", self.files / "output"
        source.write_text(block.text)
        closed = f"{self.report_to}>&-"
        quoted = f". {source} <{os.devnull} >{output} 2>&1 {closed}"
        if block.again or block.exit:  # it may fail, and changes nothing of the shell
            strict = f"trap 'status=$?; [ $status = {block.exit} ] || exit $status' ERR" if block.exit else "set -e"
            quoted = f"set +e; ( {strict}; {quoted} ); status=$?; set -e; echo $status >&{self.report_to}"
        else:
            quoted += f"\necho 0 >&{self.report_to}"
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(quoted + "\n")
            self.process.stdin.flush()
        # Second by second: a machine that stands still for a minute has not used up a block's time.
        if not any(select.select([self.reports], [], [], 1)[0] for _ in range(PATIENCE_S)):
            self.kill()
        answer = self.reports.readline()
        status = int(answer) if answer else self.process.wait()
        return status, output.read_text(errors="replace") if output.exists() else ""

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self):
        """Ends the shell and everything it left behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.kill()
        self.process.wait()


def run_block(shell, block, show):
    for _ in range(TRIES if block.again else 1):
        status, output = shell.run(block)
        missing = missing_lines(block.printed or "", output)
        if (status == block.exit and not missing) or shell.process.poll() is not None:
            break
        time.sleep(0.2 if block.again else 0)
    if status != block.exit or missing:
        what = (f"exit status {status}, not {block.exit}" if status != block.exit
                else "it did not print\n" + "\n".join(f"    {line}" for line in missing))
        raise Failure(f"{block.where}: {what}\n  it was\n{indented(block.text)}\n  it printed\n{indented(output)}")
    if show:
        print(f"{indented(block.text)}\n{indented(output, '  | ')}", flush=True)


def indented(text, by="    "):
    return "\n".join(by + line for line in text.rstrip().splitlines()[-40:])


@contextlib.contextmanager
def surroundings(kind):
    """What WEIR_* is in them."""
    if kind == "none":
        yield {}
        return
    from lab import ENDING_SIGNALS, REGIONS, RUN, running_lab
    from policy_check import OBJECTIVE_MS
    busy = kind.startswith("busy")
    try:
        with running_lab() as lab:
            lab.up(1, lambda _: None, **({"busy_servers": True, "objective_ms": OBJECTIVE_MS} if busy else {}))
            lab.wait_for_mesh()
            for region in REGIONS:
                lab.start_client(region, 60, every=False)
            yield {"WEIR_SOCKET": str(RUN / "admin.sock")}
    finally:
        for number in ENDING_SIGNALS:  # ignored since the lab's end: what a later page starts would inherit it
            signal.signal(number, signal.SIG_DFL)


def run_page(path, kind, blocks, show):
    binaries = Path(os.environ.get("WEIR_BIN", ROOT / "build" / "release" / "bin")).resolve()
    with surroundings(kind) as extra, tempfile.TemporaryDirectory(prefix="docs") as scratch:
        folder, files = Path(scratch, "weir"), Path(scratch, "test")
        folder.mkdir()
        files.mkdir()
        for entry in ROOT.iterdir():
            (folder / entry.name).symlink_to(entry)
        shell = Shell(folder, files, {**os.environ, **extra, "PATH": f"{binaries}:{os.environ['PATH']}", "HOME": scratch})
        try:
            for block in blocks:
                run_block(shell, block, show)
        finally:
            shell.close()


def main(words):
    show = "--show" in words
    wanted = {Path(word).resolve() for word in words if word != "--show"}
    complaints = []
    pages = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        check_links(path, complaints.append)
        blocks = [block for block in blocks_of(path, complaints.append) if block.language == "sh"]
        first = SURROUNDINGS.fullmatch(path.read_text().split("\n", 1)[0])
        if blocks and not first and any(block.not_run is None for block in blocks):
            complaints.append(f"{path.relative_to(ROOT)}: its first line does not say what its commands need: "
                              f"<!-- docs-test: none -->, mesh or busy mesh")
        pages.append((path, first.group(1) if first else "none", blocks))

    ran, not_run = 0, []
    if not complaints:
        for path, kind, blocks in pages:
            runnable = [block for block in blocks if block.not_run is None]
            if wanted and path not in wanted:
                continue
            not_run += [block for block in blocks if block.not_run is not None]
            if not runnable:
                continue
            start = time.monotonic()
            try:
                run_page(path, kind, runnable, show)
                ran += len(runnable)
                print(f"  {path.relative_to(ROOT)}: {len(runnable)} blocks, {time.monotonic() - start:.1f} s", flush=True)
            except Exception as error:  # the other pages still have their say
                complaints.append(str(error) if isinstance(error, Failure) else f"{path.relative_to(ROOT)}: {error}")
    for block in not_run:
        print(f"  not run: {block.where}: {block.not_run}")
    for complaint in complaints:
        print(f"FAILED {complaint}")
    print(f"docs: {'FAILED' if complaints else 'ok'}, {ran} blocks ran, {len(not_run)} did not")
    return 1 if complaints else 0


def enter():
    """Starts this program again where nothing else is."""
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                          sys.executable, *sys.argv])


if __name__ == "__main__":
    if INSIDE not in os.environ:
        enter()
    for command in ("mount -t tmpfs none /run", "ip link set lo up"):
        subprocess.run(command.split(), check=True)
    sys.path.insert(0, str(ROOT / "deploy" / "demo"))
    os.environ.pop("WEIR_DEMO_RUN", None)
    sys.exit(main(sys.argv[1:]))
