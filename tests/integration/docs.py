#!/usr/bin/env python3
"""What README.md and docs/ tell people to type is typed.

usage: docs.py [--show] [PAGE...]      --show: what each block printed; PAGE: only these

Every fenced block has a language. The `sh` blocks of a page run in order in one `bash -e`, in a fresh folder that looks like the
root of the tree, with the programs just built on PATH. The page's first line says what surrounds them:

    <!-- docs-test: none -->        nothing
    <!-- docs-test: mesh -->        the demo's mesh, with load, and WEIR_SOCKET at its controller
    <!-- docs-test: busy mesh -->   the same with servers whose requests take time

A mesh's controller is that of the machine: its files are where packages put them, and `systemctl` (docs_bin) restarts it. With
", on a new machine" the shell is in a namespace of its own that reaches the others.

Words after the language say more:

    ```sh exit=3                    the block ends with this exit status, and no command in it with another but 0
    ```sh again                     it only looks: repeated until the `text` block directly after it is what it prints
    ```sh not-run="WHY"             it cannot run here

A `text` block directly after an `sh` block is compared with what that printed: each line must have been there, whatever its
numbers; `text example` is not compared: the words differ from run to run. Relative links and their anchors must exist.

Each page has a /run, /etc, /var/lib, a network and process numbers of its own: it meets nothing that runs beside it and leaves
nothing behind.
"""
import concurrent.futures
import contextlib
import dataclasses
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "demo"))
os.environ.pop("WEIR_DEMO_RUN", None)

import lab  # noqa: E402
from policy_check import OBJECTIVE_MS  # noqa: E402

INSIDE = "--inside"
APART = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
AT_A_TIME = 3  # pages
PATIENCE_S = 100  # for a block
TRIES = 200      # of one that is to be repeated, with a fifth of a second between
SURROUNDINGS = re.compile(r"<!-- docs-test: (none|(?:busy )?mesh(?:, on a new machine)?) -->\n")
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

    def __init__(self, enter, folder, files, environment):
        self.files = files
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen([*enter, "bash", "-e"], cwd=folder, env=environment, stdin=subprocess.PIPE, text=True,
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


def with_new_machine(seed, topology=lab.topology):
    """The demo's lab, and a machine that is not of the mesh."""
    text = topology(seed)
    links = "".join(f"  - {{between: [new, {node}], delay: 1ms}}\n" for node in ("controller", *lab.REGIONS))
    return text.replace("links:\n", f"  new: {{addresses: [172.31.0.20/24]}}\nlinks:\n{links}")


@contextlib.contextmanager
def surroundings(kind):
    """(what goes before the shell's command, what WEIR_* is)."""
    if kind == "none":
        yield [], {}
        return
    lab.topology = with_new_machine
    try:
        with lab.running_lab() as mesh:
            mesh.up(1, lambda _: None, **({"busy_servers": True, "objective_ms": OBJECTIVE_MS} if "busy" in kind else {}))
            mesh.wait_for_mesh()
            for region in lab.REGIONS:
                mesh.start_client(region, 60, every=False)
            for folder in ("/etc/weir", "/var/lib/weir-controller", "/run/systemctl"):
                Path(folder).mkdir(exist_ok=True)
            shutil.copy(lab.RUN / "controller.yaml", "/etc/weir/controller.yaml")
            subprocess.run(["mount", "--bind", lab.RUN / "controller", "/var/lib/weir-controller"], check=True)
            pid = mesh.read_state()["processes"]["controller"]["pid"]
            Path("/run/systemctl/weir-controller.pid").write_text(str(pid))
            enter = ["ip", "netns", "exec", lab.namespace("new")] if "new machine" in kind else []
            yield enter, {"WEIR_SOCKET": str(lab.RUN / "admin.sock")}
            subprocess.run(["umount", "/var/lib/weir-controller"], check=True)
    finally:
        for number in lab.ENDING_SIGNALS:  # ignored since the lab's end: what a later page starts would inherit it
            signal.signal(number, signal.SIG_DFL)


def run_page(kind, blocks, show):
    with surroundings(kind) as (enter, extra), tempfile.TemporaryDirectory(prefix="docs") as scratch:
        folder, files = Path(scratch, "weir"), Path(scratch, "test")
        folder.mkdir()
        files.mkdir()
        for entry in ROOT.iterdir():
            (folder / entry.name).symlink_to(entry)
        programs = f"{Path(__file__).with_name('docs_bin')}:{lab.BIN.resolve()}:{os.environ['PATH']}"
        shell = Shell(enter, folder, files, {**os.environ, **extra, "PATH": programs, "HOME": scratch})
        try:
            for block in blocks:
                run_block(shell, block, show)
        finally:
            shell.close()


def run_apart(path, show):
    """(whether it went well, what there is to say, seconds) of a page, run where nothing else is."""
    start = time.monotonic()
    done = subprocess.run([*APART, "--mount", "--net", sys.executable, __file__, INSIDE, *(["--show"] if show else []), path],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode == 0, done.stdout, time.monotonic() - start


def inside(path, show):
    """In namespaces of its own."""
    for command in ("mount -t tmpfs none /run", "mount -t tmpfs none /var/lib", "cp -a /etc /run/etc", "mount --bind /run/etc /etc",
                    "ip link set lo up"):
        subprocess.run(command.split(), check=True)
    blocks = [block for block in blocks_of(path, lambda _: None) if block.language == "sh" and block.not_run is None]
    try:
        run_page(SURROUNDINGS.match(path.read_text()).group(1), blocks, show)
    except (Failure, lab.DemoError) as error:
        print(error, flush=True)
        return 1
    return 0


def checked(path, complain):
    """The `sh` blocks of a page; complains about what can be seen without running them."""
    check_links(path, complain)
    blocks = [block for block in blocks_of(path, complain) if block.language == "sh"]
    if any(block.not_run is None for block in blocks) and not SURROUNDINGS.match(path.read_text()):
        complain(f"{path.relative_to(ROOT)}: its first line does not say what its commands need: "
                 f"<!-- docs-test: none -->, or mesh")
    return blocks


def main(words):
    show = "--show" in words
    wanted = {Path(word).resolve() for word in words if word != "--show"}
    complaints = []
    pages = {path: checked(path, complaints.append)
             for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if not wanted or path in wanted}
    counts = {path: sum(block.not_run is None for block in blocks) for path, blocks in pages.items()}
    ran = 0
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:  # most of a page's time goes by with waiting
        runs = {pool.submit(run_apart, path, show): path for path in pages if counts[path] and not complaints}
        for run in concurrent.futures.as_completed(runs):
            path, (good, said, seconds) = runs[run], run.result()
            if good:
                ran += counts[path]
                print(f"  {path.relative_to(ROOT)}: {counts[path]} blocks, {seconds:.1f} s\n{said}", end="", flush=True)
            else:
                complaints.append(f"{path.relative_to(ROOT)}:\n{said}")
    not_run = [block for blocks in pages.values() for block in blocks if block.not_run is not None]
    for block in not_run:
        print(f"  not run: {block.where}: {block.not_run}")
    for complaint in complaints:
        print(f"FAILED {complaint}")
    print(f"docs: {'FAILED' if complaints else 'ok'}, {ran} blocks ran, {len(not_run)} did not")
    return 1 if complaints else 0


if __name__ == "__main__":
    if sys.argv[1:2] == [INSIDE]:
        sys.exit(inside(Path(sys.argv[-1]), "--show" in sys.argv))
    elif os.getpid() != 1:  # so that everything ends with it, however it ends
        os.execvp(APART[0], [*APART, sys.executable, *sys.argv])
    sys.exit(main(sys.argv[1:]))
