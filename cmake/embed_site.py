#!/usr/bin/env python3
"""Makes the built dashboard part of a program: one source file that holds every file, compressed.

usage: embed_site.py DIST OUT.cc
"""
import gzip
import hashlib
import sys
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
}


def main(dist, out):
    files = [path for path in sorted(dist.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    if not (dist / "index.html") in files:
        sys.exit(f"embed_site: {dist} holds no index.html: it was not built")
    out.parent.mkdir(parents=True, exist_ok=True)
    pieces, rows = [], []
    for number, path in enumerate(files):
        kind = TYPES.get(path.suffix)
        if kind is None:
            sys.exit(f"embed_site: {path} has a type nobody knows; add it to TYPES")
        packed = gzip.compress(path.read_bytes(), 9, mtime=0)
        piece = out.parent / f"{number}.gz"
        piece.write_bytes(packed)
        digest = hashlib.sha256(packed).hexdigest()[:16]
        name = f"weir_site_file_{number}"
        pieces.append(f'''// {path.relative_to(dist)} {digest}
asm(".section .rodata\\n"
    ".global {name}\\n"
    "{name}: .incbin \\"{piece}\\"\\n"
    ".previous\\n");
extern "C" const char {name}[];''')
        rows.append(f'''      {{"/{path.relative_to(dist)}",
       {{.type = "{kind}", .gzip = {{{name}, {len(packed)}}}, .etag = "\\"{digest}\\""}}}},''')
    out.write_text("\n".join([
        "// Written by cmake/embed_site.py.",
        '#include "controller/dashboard_files.h"',
        "",
        *pieces,
        "",
        "namespace weir::controller {",
        "",
        "const SiteFiles& dashboard_files() {",
        "  static const SiteFiles files = {",
        *rows,
        "  };",
        "  return files;",
        "}",
        "",
        "}  // namespace weir::controller",
        ""]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
