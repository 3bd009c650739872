#!/usr/bin/env python3
"""One synthetic program in several languages, for comparing compilers on the same work.

    generate.py OUT [--functions 10000] [--files 100] [--langs fox,c,zig,go,rust] [--change I] [--break I]

Writes OUT/one/<lang>/ (everything in one file) and OUT/split/<lang>/ (--files files). All versions print
the same number. --change I gives function I another constant; --break I puts a type error into function I.
A file whose text would not change is left alone, so that build tools see only real changes.
"""
import argparse, os

ap = argparse.ArgumentParser()
ap.add_argument("out")
ap.add_argument("--functions", type=int, default=10_000)
ap.add_argument("--files", type=int, default=100)
ap.add_argument("--langs", default="fox,c")
ap.add_argument("--change", type=int, default=-1)
ap.add_argument("--break", dest="broken", type=int, default=-1)
a = ap.parse_args()
N, F = a.functions, a.files
PER = N // F
assert PER * F == N, "--functions must be a multiple of --files"


def constants(i):
    k = [(i * 2654435761 + j * 40503 + 12345) // 7 % 97 + 2 for j in range(4)]
    if i == a.change:
        k[0] += 1
    return k


def callees(i):
    return (i // 2, i // 3) if i > 1 else (0, 0)


BODY = {
    "fox": """fungsi f{i}(a, b)
  var x = a * {k0} + b
  var y = (b ^ {k1}) - a
  var z = x + y * {k2}
  jika (x < y)
    z = z + {k3}
  lain
    z = z - x
  tutup_jika
  var k = 0
  selama (k < 3)
    z = z + k * x
    k = k + 1
  tutup_selama
  z = {first}
  z = z ^ {second}
  kembalikan z
tutup_fungsi
""",
    "c": """long f{i}(long a, long b) {{
  long x = a * {k0} + b;
  long y = (b ^ {k1}) - a;
  long z = x + y * {k2};
  if (x < y) {{ z = z + {k3}; }} else {{ z = z - x; }}
  long k = 0;
  while (k < 3) {{ z = z + k * x; k = k + 1; }}
  z = {first};
  z = z ^ {second};
  return z;
}}
""",
    "go": """func f{i}(a, b int64) int64 {{
	x := a*{k0} + b
	y := (b ^ {k1}) - a
	z := x + y*{k2}
	if x < y {{ z = z + {k3} }} else {{ z = z - x }}
	k := int64(0)
	for k < 3 {{ z = z + k*x; k = k + 1 }}
	z = {first}
	z = z ^ {second}
	return z
}}
""",
    "zig": """pub fn f{i}(a: i64, b: i64) i64 {{
    const x: i64 = a *% {k0} +% b;
    const y: i64 = (b ^ {k1}) -% a;
    var z: i64 = x +% y *% {k2};
    if (x < y) {{ z = z +% {k3}; }} else {{ z = z -% x; }}
    var k: i64 = 0;
    while (k < 3) {{ z = z +% k *% x; k = k +% 1; }}
    z = {first};
    z = z ^ {second};
    return z;
}}
""",
    "rust": """pub fn f{i}(a: i64, b: i64) -> i64 {{
    let x = a.wrapping_mul({k0}).wrapping_add(b);
    let y = (b ^ {k1}).wrapping_sub(a);
    let mut z = x.wrapping_add(y.wrapping_mul({k2}));
    if x < y {{ z = z.wrapping_add({k3}); }} else {{ z = z.wrapping_sub(x); }}
    let mut k: i64 = 0;
    while k < 3 {{ z = z.wrapping_add(k.wrapping_mul(x)); k = k + 1; }}
    z = {first};
    z = z ^ {second};
    z
}}
""",
}
FIRST = {"zig": "z +% {0}", "rust": "z.wrapping_add({0})"}
BROKEN = {"fox": "z + tidak_ada.medan", "rust": '"oops" * z'}


def function(lang, i, qualify):
    k0, k1, k2, k3 = constants(i)
    c1, c2 = callees(i)
    one, two = ("a", "b") if i == 0 else (f"{qualify(c1)}(x & 7, y)", f"{qualify(c2)}(y & 7, x)")
    first = FIRST.get(lang, "z + {0}").format(one)
    if i == a.broken:
        first = BROKEN.get(lang, '"oops" * z')
    return BODY[lang].format(i=i, k0=k0, k1=k1, k2=k2, k3=k3, first=first, second=two)


def group_sum(lang, g):
    calls = [f"f{i}(3, 5)" for i in range(g * PER, (g + 1) * PER)]
    if lang == "fox":
        return f"fungsi all{g}()\n  var s = 0\n" + "".join(f"  s = s + {c}\n" for c in calls) + "  kembalikan s\ntutup_fungsi\n"
    if lang == "c":
        return f"long all{g}(void) {{\n  long s = 0;\n" + "".join(f"  s = s + {c};\n" for c in calls) + "  return s;\n}\n"
    if lang == "go":
        return f"func all{g}() int64 {{\n\ts := int64(0)\n" + "".join(f"\ts = s + {c}\n" for c in calls) + "\treturn s\n}\n"
    if lang == "zig":
        return f"pub fn all{g}() i64 {{\n    var s: i64 = 0;\n" + "".join(f"    s = s +% {c};\n" for c in calls) + "    return s;\n}\n"
    return f"pub fn all{g}() -> i64 {{\n    let mut s: i64 = 0;\n" + "".join(f"    s = s.wrapping_add({c});\n" for c in calls) + "    s\n}\n"


def main(lang, qualify):
    calls = [f"{qualify(g)}()" for g in range(F)]
    if lang == "fox":
        return "fungsi mulai()\n  var s = 0\n" + "".join(f"  s = s + {c}\n" for c in calls) + "  cetak(s)\ntutup_fungsi\n"
    if lang == "c":
        return "int main(void) {\n  long s = 0;\n" + "".join(f"  s = s + {c};\n" for c in calls) + '  printf("%ld\\n", s);\n  return 0;\n}\n'
    if lang == "go":
        return "func main() {\n\ts := int64(0)\n" + "".join(f"\ts = s + {c}\n" for c in calls) + "\tprintln(s)\n}\n"
    if lang == "zig":
        return "pub fn main() void {\n    var s: i64 = 0;\n" + "".join(f"    s = s +% {c};\n" for c in calls) + '    std.debug.print("{d}\\n", .{s});\n}\n'
    return "fn main() {\n    let mut s: i64 = 0;\n" + "".join(f"    s = s.wrapping_add({c});\n" for c in calls) + '    println!("{}", s);\n}\n'


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.exists(path) or open(path).read() != text:
        open(path, "w").write(text)


EXT = {"fox": "fox", "c": "c", "go": "go", "zig": "zig", "rust": "rs"}
HEAD = {"c": "#include <stdio.h>\n", "go": "package main\n", "zig": 'const std = @import("std");\n'}
for lang in a.langs.split(","):
    ext, head = EXT[lang], HEAD.get(lang, "")
    here = lambda i: f"f{i}"
    one = head + "".join(function(lang, i, here) for i in range(N)) + "".join(group_sum(lang, g) for g in range(F))
    write(f"{a.out}/one/{lang}/prog.{ext}", one + main(lang, lambda g: f"all{g}"))
    d = f"{a.out}/split/{lang}"
    for g in range(F):
        ids = range(g * PER, (g + 1) * PER)
        outside = sorted({c for i in ids if i for c in callees(i) if c // PER != g})
        if lang == "zig":
            top = "".join(f'const m{m} = @import("m{m}.zig");\n' for m in sorted({c // PER for c in outside}))
            q = lambda c, g=g: f"f{c}" if c // PER == g else f"m{c // PER}.f{c}"
        elif lang == "rust":
            top, q = "", lambda c, g=g: f"f{c}" if c // PER == g else f"crate::m{c // PER}::f{c}"
        elif lang == "c":
            top, q = "".join(f"long f{c}(long, long);\n" for c in outside), here
        else:
            top, q = (HEAD["go"] if lang == "go" else ""), here
        write(f"{d}/m{g}.{ext}", top + "".join(function(lang, i, q) for i in ids) + group_sum(lang, g))
    if lang == "fox":
        write(f"{d}/main.fox", "".join(f'ambil "m{g}.fox"\n' for g in range(F)) + main(lang, lambda g: f"all{g}"))
    elif lang == "c":
        write(f"{d}/main.c", head + "".join(f"long all{g}(void);\n" for g in range(F)) + main(lang, lambda g: f"all{g}"))
        objs = "main.o " + " ".join(f"m{g}.o" for g in range(F))
        write(f"{d}/Makefile", f"CC=gcc\nCFLAGS=-O0\nOBJ={objs}\nprog: $(OBJ)\n\t$(CC) -o $@ $(OBJ)\n%.o: %.c\n\t$(CC) $(CFLAGS) -c -o $@ $<\n")
    elif lang == "zig":
        write(f"{d}/main.zig", head + "".join(f'const m{g} = @import("m{g}.zig");\n' for g in range(F)) + main(lang, lambda g: f"m{g}.all{g}"))
    elif lang == "go":
        write(f"{d}/main.go", head + main(lang, lambda g: f"all{g}"))
        write(f"{d}/go.mod", "module p\ngo 1.19\n")
        write(f"{a.out}/one/go/go.mod", "module p\ngo 1.19\n")
    else:
        write(f"{d}/main.rs", "".join(f"mod m{g};\n" for g in range(F)) + main(lang, lambda g: f"m{g}::all{g}"))
