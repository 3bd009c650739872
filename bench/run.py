#!/usr/bin/env python3
"""Times Morph beside its peers, in one run, and prints Markdown.

    bench/run.py [--functions 10000] [--runs 5] [--morph target/release/morph] > docs/benchmarks/compile-and-run.md

Whole commands, best and median of several runs, peers interleaved with Morph so that a noisy minute
hits all of them. CPU is the processor time that the command itself took (user and system, best run): it says
more than the clock where other work shares the machine. Peers that are not installed are left out and named. Nothing is asserted.
"""
import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def run(command, cwd):
    """Seconds by the clock and of the processor, and the output; a failing command ends the benchmark."""
    before = cpu_of_children()
    begin = time.perf_counter()
    child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = child.communicate()
    seconds = time.perf_counter() - begin
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with {child.returncode}:\n{err.decode(errors='replace')[:2000]}")
    return (seconds, cpu_of_children() - before), out


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def peak_memory(command, cwd):
    """Peak resident memory of the command in MB."""
    pid = os.fork()
    if pid == 0:
        os.chdir(cwd)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execvp(command[0], command)
    _, _, usage = os.wait4(pid, 0)
    return usage.ru_maxrss / 1024


def compare(rows, cwd, runs):
    """Runs the commands in turn and gives, per name, the times (clock, CPU)."""
    times = {name: [] for name, _ in rows}
    outputs = {}
    for _ in range(runs):
        for name, command in rows:
            seconds, out = run(command, cwd)
            times[name].append(seconds)
            outputs.setdefault(name, out)
    return times, outputs


def table(title, times, base=None):
    print(f"\n### {title}\n")
    print("| command | best | median | CPU | CPU against the first |")
    print("| --- | ---: | ---: | ---: | ---: |")
    first = min(cpu for _, cpu in next(iter(times.values())))
    for name, found in times.items():
        clock = [seconds for seconds, _ in found]
        cpu = min(cpu for _, cpu in found)
        print(f"| {name} | {min(clock) * 1000:.1f} ms | {statistics.median(clock) * 1000:.1f} ms | {cpu * 1000:.0f} ms | {cpu / first:.2f} |")


def compile_peers(folder):
    one = os.path.join(folder, "one")
    rows = []
    if shutil.which("tcc"):
        rows.append(("tcc", ["tcc", "-o", "c/prog_tcc", "c/prog.c"]))
    rows.append(("morph --opt none", [MORPH, "build", "--opt", "none", "fox/prog.fox", "-o", "fox/prog"]))
    rows.append(("morph, one sandbox", [MORPH, "build", "--sandboxes", "1", "fox/prog.fox", "-o", "fox/prog_1"]))
    rows.append(("morph without sandboxes", [MORPH, "build", "--protection", "none", "fox/prog.fox", "-o", "fox/prog_0"]))
    rows.append(("morph --opt speed", [MORPH, "build", "--opt", "speed", "fox/prog.fox", "-o", "fox/prog_speed"]))
    rows.append(("morph check", [MORPH, "check", "fox/prog.fox"]))
    if shutil.which("gcc"):
        rows.append(("gcc -O0", ["gcc", "-O0", "-o", "c/prog_gcc", "c/prog.c"]))
    return one, rows


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--functions", type=int, default=10_000)
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--morph", default=os.path.join(ROOT, "target/release/morph"))
args = parser.parse_args()
MORPH = os.path.abspath(args.morph)
if not os.path.exists(MORPH):
    sys.exit(f"{MORPH} does not exist: run `cargo build --release` first")

with tempfile.TemporaryDirectory() as work:
    print("# Compile and run\n")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}; best and median of {args.runs} runs, commands interleaved.")
    missing = [peer for peer in ("tcc", "gcc") if not shutil.which(peer)]
    if missing:
        print(f"Not installed here, so not compared: {', '.join(missing)}.")

    print(f"\n## Text to executable: {args.functions:,} functions of 12 lines in one file")
    subprocess.run([sys.executable, os.path.join(HERE, "generate.py"), work, "--functions", str(args.functions), "--langs", "fox,c"], check=True)
    cwd, rows = compile_peers(work)
    times, _ = compare(rows, cwd, args.runs)
    table("Time", times)
    print("\n### Peak memory\n\n| command | MB |\n| --- | ---: |")
    for name, command in rows:
        print(f"| {name} | {peak_memory(command, cwd):.0f} |")
    outputs = {out for _, command in rows if "-o" in command for out in [run([os.path.join(cwd, command[command.index('-o') + 1])], cwd)[1]]}
    print(f"\nAll executables print the same: {'yes' if len(outputs) == 1 else 'NO'}.")

    print("\n### Phases of `morph build` (`--timings`)\n\n```text")
    timings = subprocess.run([MORPH, "build", "--timings", "fox/prog.fox", "-o", "fox/prog"], cwd=cwd, capture_output=True, text=True)
    print(timings.stderr.strip())
    print("```")

    print("\n### What isolation costs\n")
    alone = min(cpu for _, cpu in times["morph without sandboxes"])
    for name in ("morph, one sandbox", "morph --opt none"):
        cpu = min(cpu for _, cpu in times[name])
        print(f"{name}: {(cpu / alone - 1) * 100:+.1f} % processor time beside the same pipeline without sandboxes (goal: at most 3 %).")

    halo = os.path.join(ROOT, "examples", "halo.fox")
    rows = [
        ("morph run hello", [MORPH, "run", halo]),
        ("morph run hello, without sandboxes", [MORPH, "run", "--protection", "none", halo]),
        ("/bin/true", ["/bin/true"]),
    ]
    times, _ = compare(rows, work, args.runs * 4)
    table("Start-up (goal with sandboxes: 5 ms)", times)

    print("\n### Growth\n\n| functions | CPU | memory |\n| ---: | ---: | ---: |")
    for count in (1_000, 10_000, 100_000):
        folder = os.path.join(work, f"n{count}")
        subprocess.run([sys.executable, os.path.join(HERE, "generate.py"), folder, "--functions", str(count), "--langs", "fox"], check=True)
        command = [MORPH, "build", "one/fox/prog.fox", "-o", "prog"]
        best = min(run(command, folder)[0][1] for _ in range(2 if count > 10_000 else 3))
        print(f"| {count:,} | {best * 1000:.0f} ms | {peak_memory(command, folder):.0f} MB |")

    print("\n## Run time")
    for name in ("fib", "sieve", "matrix", "map"):
        source = os.path.join(HERE, "programs", name)
        rows = []
        for level in ("0", "1", "2"):
            if shutil.which("gcc"):
                subprocess.run(["gcc", f"-O{level}", "-o", f"{work}/{name}_c{level}", f"{source}.c"], check=True)
                rows.append((f"gcc -O{level}", [f"{work}/{name}_c{level}"]))
        for opt in ("none", "speed"):
            subprocess.run([MORPH, "build", "--quiet", "--opt", opt, f"{source}.fox", "-o", f"{work}/{name}_{opt}"], check=True)
            rows.append((f"morph --opt {opt}", [f"{work}/{name}_{opt}"]))
        times, outputs = compare(rows, work, args.runs)
        table(name, times)
        if len(set(outputs.values())) != 1:
            print(f"\nThe outputs differ: {outputs}")
