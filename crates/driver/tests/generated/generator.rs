//! Random valid programs: loops, calls, structs, arrays, floats, strings, globals. One seed, one text.
//!
//! Every program ends: loops are bounded by counters that nothing else assigns, and a function calls
//! only functions with smaller numbers. A few divide by zero on purpose.

use std::fmt::Write as _;

use fastrand::Rng;

/// What an expression gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Float,
    Text,
}

#[derive(Clone)]
struct Variable {
    name: String,
    kind: Kind,
    /// Loop counters are read only.
    assignable: bool,
}

struct Function {
    params: Vec<Kind>,
    result: Kind,
}

struct Generator {
    rng: Rng,
    out: String,
    indent: usize,
    functions: Vec<Function>,
    scope: Vec<Variable>,
    globals: Vec<Variable>,
    /// Names of struct variables in scope.
    structs: Vec<String>,
    arrays: Vec<String>,
    fresh: u32,
    loops: u32,
}

/// The text of the program with this seed.
pub(crate) fn program(seed: u64) -> String {
    let mut generator = Generator {
        rng: Rng::with_seed(seed),
        out: String::new(),
        indent: 0,
        functions: Vec::new(),
        scope: Vec::new(),
        globals: Vec::new(),
        structs: Vec::new(),
        arrays: Vec::new(),
        fresh: 0,
        loops: 0,
    };
    generator.program();
    generator.out
}

impl Generator {
    fn line(&mut self, text: impl AsRef<str>) {
        for _ in 0..self.indent {
            self.out.push_str("  ");
        }
        self.out.push_str(text.as_ref());
        self.out.push('\n');
    }

    fn name(&mut self, prefix: &str) -> String {
        self.fresh += 1;
        format!("{prefix}{}", self.fresh)
    }

    fn program(&mut self) {
        self.line("struktur S");
        self.line("  a int");
        self.line("  f float");
        self.line("  b");
        self.line("tutup_struktur");
        self.line("const K = 1 << 4 | 3");
        self.line("const R = 2.5");
        for _ in 0..self.rng.usize(1..4) {
            let kind = self.kind();
            let name = self.name("g");
            let value = self.literal(kind);
            self.line(format!("var {name} = {value}"));
            self.globals.push(Variable { name, kind, assignable: true });
        }
        for index in 0..self.rng.usize(1..6) {
            self.function(index);
        }
        self.line("fungsi mulai()");
        self.indent = 1;
        self.scope = self.globals.clone();
        for index in 0..self.functions.len() {
            for _ in 0..2 {
                let call = self.call(index, 1);
                self.line(format!("cetak({call})"));
            }
        }
        self.block(3);
        let status = self.expr(Kind::Int, 2);
        self.line(format!("kembalikan {status}"));
        self.indent = 0;
        self.line("tutup_fungsi");
    }

    fn function(&mut self, index: usize) {
        let params: Vec<Kind> = (0..self.rng.usize(0..8)).map(|_| self.kind()).collect();
        let names: Vec<String> = (0..params.len()).map(|i| format!("p{i}")).collect();
        self.line(format!("fungsi f{index}({})", names.join(", ")));
        self.indent = 1;
        self.scope = self.globals.clone();
        self.structs.clear();
        self.arrays.clear();
        for (name, kind) in names.iter().zip(&params) {
            match kind {
                Kind::Int => {}
                Kind::Float => self.line(format!("tipe {name} float")),
                Kind::Text => self.line(format!("tipe {name} string")),
            }
            // A string parameter stays a string whatever happens; the others may be assigned.
            self.scope.push(Variable {
                name: name.clone(),
                kind: *kind,
                assignable: *kind != Kind::Text,
            });
        }
        self.block(4);
        let result = self.kind();
        if self.rng.u8(0..4) == 0 {
            let cond = self.expr(Kind::Int, 2);
            let value = self.expr(result, 2);
            self.line(format!("jika ({cond}) kembalikan {value} tutup_jika"));
        }
        let value = self.expr(result, 3);
        self.line(format!("kembalikan {value}"));
        self.indent = 0;
        self.line("tutup_fungsi");
        self.structs.clear();
        self.arrays.clear();
        self.functions.push(Function { params, result });
    }

    fn kind(&mut self) -> Kind {
        match self.rng.u8(0..10) {
            0..6 => Kind::Int,
            6..9 => Kind::Float,
            _ => Kind::Text,
        }
    }

    /// Some statements; names that they declare end with them.
    fn block(&mut self, depth: u32) {
        let (scope, structs, arrays) = (self.scope.len(), self.structs.len(), self.arrays.len());
        for _ in 0..self.rng.usize(1..5) {
            self.statement(depth);
        }
        self.scope.truncate(scope);
        self.structs.truncate(structs);
        self.arrays.truncate(arrays);
    }

    fn statement(&mut self, depth: u32) {
        match self.rng.u8(0..if depth == 0 { 10 } else { 15 }) {
            0..2 => {
                let kind = self.kind();
                let name = self.name("v");
                let value = self.expr(kind, 3);
                self.line(format!("var {name} = {value}"));
                self.scope.push(Variable { name, kind, assignable: true });
            }
            2..4 => self.assignment(),
            4 => {
                let name = self.name("s");
                let count = self.rng.usize(0..4);
                let fields = [Kind::Int, Kind::Float, Kind::Int];
                let values: Vec<String> =
                    fields[..count].iter().map(|kind| self.expr(*kind, 2)).collect();
                self.line(format!("var {name} = S({})", values.join(", ")));
                self.structs.push(name);
            }
            5 => {
                let name = self.name("a");
                self.line(format!("var {name} [8]int"));
                self.arrays.push(name);
            }
            6 => self.memory_assignment(),
            7..9 => {
                let kind = self.kind();
                let value = self.expr(kind, 3);
                self.line(format!("cetak({value})"));
            }
            9 => self.jump(),
            10..12 => self.branch(depth),
            12..14 => self.repeat(depth),
            _ => self.switch(depth),
        }
    }

    fn assignment(&mut self) {
        let targets: Vec<Variable> =
            self.scope.iter().filter(|variable| variable.assignable).cloned().collect();
        let Some(target) = self.rng.choice(targets) else { return };
        if target.kind == Kind::Int && self.rng.bool() {
            let op = if self.rng.bool() { "++" } else { "--" };
            self.line(format!("{}{op}", target.name));
            return;
        }
        let value = self.expr(target.kind, 3);
        self.line(format!("{} = {value}", target.name));
    }

    fn memory_assignment(&mut self) {
        if let Some(array) = self.rng.choice(self.arrays.clone()) {
            let index = self.expr(Kind::Int, 1);
            let value = self.expr(Kind::Int, 2);
            self.line(format!("{array}[{index} & 7] = {value}"));
        }
        if let Some(name) = self.rng.choice(self.structs.clone()) {
            let (field, kind) = *self
                .rng
                .choice(&[("a", Kind::Int), ("f", Kind::Float), ("b", Kind::Int)])
                .unwrap();
            let value = self.expr(kind, 2);
            self.line(format!("{name}.{field} = {value}"));
        }
    }

    fn jump(&mut self) {
        if self.loops > 0 {
            let cond = self.expr(Kind::Int, 1);
            let word = if self.rng.bool() { "berhenti" } else { "lanjut" };
            self.line(format!("jika ({cond}) {word} tutup_jika"));
        }
    }

    fn branch(&mut self, depth: u32) {
        let cond = self.expr(Kind::Int, 2);
        self.line(format!("jika ({cond})"));
        self.nested(depth);
        if self.rng.bool() {
            let cond = self.expr(Kind::Int, 2);
            self.line(format!("lain_jika ({cond})"));
            self.nested(depth);
        }
        if self.rng.bool() {
            self.line("lain");
            self.nested(depth);
        }
        self.line("tutup_jika");
    }

    fn repeat(&mut self, depth: u32) {
        let counter = self.name("i");
        let times = self.rng.u8(1..6);
        self.loops += 1;
        if self.rng.bool() {
            self.line(format!("untuk (var {counter} = 0; {counter} < {times}; {counter}++)"));
            self.scope.push(Variable { name: counter, kind: Kind::Int, assignable: false });
            self.nested(depth);
            self.scope.pop();
            self.line("tutup_untuk");
        } else {
            self.line(format!("var {counter} = {times}"));
            self.line(format!("selama ({counter} > 0)"));
            // First of all, so that `lanjut` cannot jump over it.
            self.line(format!("  {counter}--"));
            self.scope.push(Variable { name: counter, kind: Kind::Int, assignable: false });
            self.nested(depth);
            self.line("tutup_selama");
        }
        self.loops -= 1;
    }

    fn switch(&mut self, depth: u32) {
        let value = self.expr(Kind::Int, 2);
        self.line(format!("pilih ({value} & 3)"));
        for case in 0..self.rng.u8(1..4) {
            self.line(format!("kasus {case}:"));
            self.nested(depth);
        }
        if self.rng.bool() {
            self.line("pilihan_lain:");
            self.nested(depth);
        }
        self.line("tutup_pilih");
    }

    fn nested(&mut self, depth: u32) {
        self.indent += 1;
        self.block(depth - 1);
        self.indent -= 1;
    }

    fn literal(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Int => match self.rng.u8(0..8) {
                0 => "0".to_owned(),
                1 => "9223372036854775807".to_owned(),
                2 => format!("0x{:x}", self.rng.u64(..)),
                3 => format!("-{}", self.rng.u32(..)),
                _ => self.rng.u8(0..20).to_string(),
            },
            Kind::Float => match self.rng.u8(0..6) {
                0 => "0.0".to_owned(),
                1 => "1e18".to_owned(),
                2 => "0.1".to_owned(),
                _ => format!("{}.{}", self.rng.u8(0..100), self.rng.u8(0..100)),
            },
            Kind::Text => {
                format!("\"{}\"", self.rng.choice(["", "a", "rubah", "dua kata", "x\\ty"]).unwrap())
            }
        }
    }

    fn variable(&mut self, kind: Kind) -> Option<String> {
        let fitting: Vec<String> = self
            .scope
            .iter()
            .filter(|variable| variable.kind == kind)
            .map(|variable| variable.name.clone())
            .collect();
        self.rng.choice(fitting)
    }

    fn expr(&mut self, kind: Kind, depth: u32) -> String {
        if depth == 0 || self.rng.u8(0..4) == 0 {
            if self.rng.u8(0..3) > 0
                && let Some(name) = self.variable(kind)
            {
                return name;
            }
            return self.literal(kind);
        }
        if self.rng.u8(0..6) == 0 {
            let fitting: Vec<usize> =
                (0..self.functions.len()).filter(|i| self.functions[*i].result == kind).collect();
            // Not inside loops: calls of calls in loops would run for hours.
            if self.loops == 0
                && let Some(index) = self.rng.choice(fitting)
            {
                return self.call(index, depth - 1);
            }
        }
        match kind {
            Kind::Int => self.int(depth - 1),
            Kind::Float => self.float(depth - 1),
            Kind::Text => {
                let (left, right) = (self.expr(Kind::Text, depth - 1), self.expr(Kind::Text, 0));
                // Concatenating in loops doubles strings for ever.
                if self.loops > 0 { right } else { format!("str_concat({left}, {right})") }
            }
        }
    }

    fn int(&mut self, depth: u32) -> String {
        match self.rng.u8(0..16) {
            0..6 => {
                let op = *self.rng.choice(&["+", "-", "*", "&", "|", "^", "<<", ">>"]).unwrap();
                let (left, right) = (self.expr(Kind::Int, depth), self.expr(Kind::Int, depth));
                format!("({left} {op} {right})")
            }
            6..8 => {
                let op = *self.rng.choice(&["==", "!=", "<", "<=", ">", ">=", "&&", "||"]).unwrap();
                let (left, right) = (self.expr(Kind::Int, depth), self.expr(Kind::Int, depth));
                format!("({left} {op} {right})")
            }
            8 => {
                let op = if self.rng.bool() { "/" } else { "%" };
                let (left, right) = (self.expr(Kind::Int, depth), self.expr(Kind::Int, depth));
                // One in thirty divisions may be by zero.
                let guard = if self.rng.u8(0..30) == 0 { "" } else { " | 1" };
                format!("({left} {op} ({right}{guard}))")
            }
            9 => {
                let op = *self.rng.choice(&["-", "!", "~"]).unwrap();
                format!("{op}({})", self.expr(Kind::Int, depth))
            }
            10 => {
                let op = *self.rng.choice(&["<", "<=", "==", "!="]).unwrap();
                let (left, right) = (self.expr(Kind::Float, depth), self.expr(Kind::Float, depth));
                format!("({left} {op} {right})")
            }
            11 => format!("int({})", self.expr(Kind::Float, depth)),
            12 => format!("str_len({})", self.expr(Kind::Text, 0)),
            13 => {
                let index = self.expr(Kind::Int, depth.min(1));
                match self.rng.choice(self.arrays.clone()) {
                    Some(array) => format!("{array}[{index} & 7]"),
                    None => "K".to_owned(),
                }
            }
            14 => match self.rng.choice(self.structs.clone()) {
                Some(name) => format!("{name}.a"),
                None => "(K + 1)".to_owned(),
            },
            _ => format!("str_eq({}, {})", self.expr(Kind::Text, 0), self.expr(Kind::Text, 0)),
        }
    }

    fn float(&mut self, depth: u32) -> String {
        match self.rng.u8(0..8) {
            0..5 => {
                let op = *self.rng.choice(&["+", "-", "*", "/"]).unwrap();
                let other = if self.rng.u8(0..4) == 0 { Kind::Int } else { Kind::Float };
                let (left, right) = (self.expr(Kind::Float, depth), self.expr(other, depth));
                format!("({left} {op} {right})")
            }
            5 => format!("float({})", self.expr(Kind::Int, depth)),
            6 => match self.rng.choice(self.structs.clone()) {
                Some(name) => format!("{name}.f"),
                None => "R".to_owned(),
            },
            _ => format!("-({})", self.expr(Kind::Float, depth)),
        }
    }

    fn call(&mut self, index: usize, depth: u32) -> String {
        let mut text = format!("f{index}(");
        let params = self.functions[index].params.clone();
        for (i, kind) in params.into_iter().enumerate() {
            let argument = self.expr(kind, depth);
            let _ = write!(text, "{}{argument}", if i > 0 { ", " } else { "" });
        }
        text.push(')');
        text
    }
}
