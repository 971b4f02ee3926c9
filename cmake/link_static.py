#!/usr/bin/env python3
"""usage: link_static.py LINKER ARGUMENT...

Runs the linker with gRPC, Protobuf and Abseil taken from their archives (libX.a beside libX.so), where they are there: a
program of 60 shared libraries spends most of a short life putting them together (docs/decisions/0006).
"""
import os
import re
import sys

FAMILIES = re.compile(r"(?:-l|(?P<folder>/.*/)lib)(?P<name>absl_\w+|grpc\+\+|grpc|gpr|upb|address_sorting|protobuf|re2|cares)"
                      r"(?:\.so[0-9.]*)?")


def archive(argument, folders):
    """The archive instead of a shared library; the argument itself where there is none."""
    found = FAMILIES.fullmatch(argument)
    if not found:
        return argument
    for folder in [found["folder"]] if found["folder"] else folders:
        path = os.path.join(folder, f"lib{found['name']}.a")
        if os.path.exists(path):
            return path
    return argument


def main():
    arguments = sys.argv[1:]
    folders = [argument[2:] for argument in arguments if argument.startswith("-L")]
    libraries = [archive(argument, folders) for argument in arguments]
    first = next((i for i, argument in enumerate(libraries) if argument.endswith(".a")), len(libraries))
    # They need each other in circles.
    os.execvp(libraries[0], [*libraries[:first], "-Wl,--start-group", *libraries[first:], "-Wl,--end-group"])


if __name__ == "__main__":
    main()
