#!/usr/bin/env python3
"""What a build of `qlik` costs, against progenitor's builder clients of the same normalized descriptions.

usage: benches/measure_build.py [RUNS]      (default 2; the least of the runs counts)

What takes seconds and not a minute is run three times as often: other programs of a shared machine can make one run a
third longer than another.

Prints a line a figure: `ratio NAME VALUE` and `figure NAME VALUE UNIT`. CPU time is user and system time of a
`cargo check` of the one crate, its dependencies built before, without incremental compilation; memory is the peak of
the largest process. Needs cargo and Python 3 only; writes below target/measure.
"""
import os, pathlib, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORK = ROOT / "target" / "measure"
SIX = "apps,items,spaces,users,reloads,data-files"


def wrapper():
    """As RUSTC_WRAPPER: runs rustc and notes what the crate cost."""
    cpu, peak = run(sys.argv[1:], quiet=False)
    args = sys.argv[1:]
    name = args[args.index("--crate-name") + 1] if "--crate-name" in args else "?"
    with open(os.environ["MEASURE_LOG"], "a") as log:
        log.write(f"{name}\t{cpu:.2f}\t{peak:.0f}\n")


def run(command, cwd=ROOT, quiet=True, **env):
    """CPU seconds and peak MiB of a command and all that it starts."""
    out = subprocess.DEVNULL if quiet else None
    child = subprocess.Popen(command, cwd=cwd, env={**os.environ, **env}, stdout=out, stderr=out)
    _, status, used = os.wait4(child.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        if not quiet:
            sys.exit(code)
        sys.exit(f"{' '.join(command)} failed with {code}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def least(runs, touched, command, cwd=ROOT, **env):
    """The least CPU of some runs, and the peak memory of any, of compiling one crate anew."""
    run(command, cwd, **env)
    found = []
    for _ in range(runs):
        touched.touch()
        found.append(run(command, cwd, **env))
    return min(cpu for cpu, _ in found), max(peak for _, peak in found)


def check(*args):
    return ["cargo", "check", "--quiet", "--lib", *args]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    env = {"CARGO_INCREMENTAL": "0", "CARGO_TARGET_DIR": str(WORK / "build")}
    reference = WORK / "reference"
    WORK.mkdir(parents=True, exist_ok=True)
    run(["cargo", "build", "--quiet", "--package", "qlik-codegen"], **env)
    codegen = str(WORK / "build/debug/qlik-codegen")
    run([codegen, "reference", "--out", str(reference)])

    base, base_peak = least(runs, reference / "src/lib.rs", check(), reference, **env)
    ours = ROOT / "src/lib.rs"
    full, full_peak = least(runs, ours, check("--package", "qlik", "--features", "full"), **env)
    default, default_peak = least(3 * runs, ours, check("--package", "qlik"), **env)
    six, _ = least(3 * runs, ours, check("--package", "qlik", "--no-default-features", "--features", SIX), **env)
    print(f"figure reference_check_cpu {base:.1f} s")
    print(f"figure reference_check_peak {base_peak:.0f} MiB")
    print(f"figure full_check_cpu {full:.1f} s")
    print(f"figure full_check_peak {full_peak:.0f} MiB")
    print(f"figure default_check_cpu {default:.1f} s")
    print(f"figure default_check_peak {default_peak:.0f} MiB")
    print(f"figure six_apis_check_cpu {six:.1f} s")
    print(f"ratio full_check_cpu_to_progenitor_builder {full / base:.3f}")
    print(f"ratio default_check_cpu_to_progenitor_builder {default / base:.3f}")
    print(f"ratio full_check_peak_to_progenitor_builder {full_peak / base_peak:.3f}")

    # The generator as a debug build script runs it: the same library, not optimized.
    walls = []
    for _ in range(max(runs, 3)):
        start = time.monotonic()
        cpu, _ = run([codegen, "generate", "--out", str(WORK / "generated")])
        walls.append((time.monotonic() - start, cpu))
    wall, cpu = min(walls)
    print(f"figure full_generation_wall {wall:.2f} s")
    print(f"figure full_generation_cpu {cpu:.2f} s")

    # What the build script's dependencies cost a user, each crate.
    log = WORK / "rustc.log"
    log.unlink(missing_ok=True)
    target = WORK / "build-dependencies"
    subprocess.run(["rm", "-rf", str(target)], check=True)
    run(
        ["cargo", "build", "--quiet", "--package", "qlik-codegen", "--no-default-features", "--lib"],
        RUSTC_WRAPPER=str(pathlib.Path(__file__).resolve()), MEASURE_LOG=str(log),
        CARGO_INCREMENTAL="0", CARGO_TARGET_DIR=str(target),
    )
    costs = {}
    for line in log.read_text().splitlines():
        name, cpu, _ = line.split("\t")
        if name not in ("___", "?"):
            costs[name] = costs.get(name, 0.0) + float(cpu)
    print(f"figure build_dependencies {len(costs) - 1} crates")
    print(f"figure build_dependencies_cpu {sum(costs.values()):.1f} s")
    for name, cpu in sorted(costs.items(), key=lambda item: -item[1])[:15]:
        print(f"figure build_dependency_{name} {cpu:.1f} s")


if __name__ == "__main__":
    wrapper() if "MEASURE_LOG" in os.environ else main()
