//! Random programs as values, and the edits that people make.

use std::fmt::Write as _;

/// Files by name; the first one is the root.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    files: Vec<File>,
    /// Numbers for names that nobody has yet.
    next: u32,
}

#[derive(Clone, Debug)]
struct File {
    name: String,
    /// Names of the files that it imports, in order.
    imports: Vec<String>,
    items: Vec<Item>,
}

/// One definition.
#[derive(Clone, Debug)]
struct Item {
    name: String,
    kind: Kind,
    /// Comment lines above it, and blank ones.
    above: u32,
    /// Which of its lines have comments, blank lines and other indentation: bits, used again and again.
    layout: u32,
    damage: Damage,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Parameters, a number, and whom it calls.
    Function {
        params: u32,
        value: i64,
        calls: Vec<String>,
    },
    /// Fields, and a function that reads the first.
    Struct {
        fields: u32,
    },
    Const {
        value: i64,
    },
    Global {
        value: i64,
    },
    /// Reads a field of what may be any struct.
    Guess {
        field: u32,
    },
    /// Prints.
    Block {
        value: i64,
    },
    /// A statement at top level.
    Statement {
        value: i64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    Nothing,
    UnknownName,
    Syntax,
    Unclosed,
    Arity,
    UnknownField,
}

const DAMAGES: [Damage; 5] =
    [Damage::UnknownName, Damage::Syntax, Damage::Unclosed, Damage::Arity, Damage::UnknownField];

impl Program {
    /// One in which every name has one definition.
    pub(crate) fn healthy(random: &mut fastrand::Rng) -> Program {
        let root = File { name: "utama.fox".to_owned(), imports: Vec::new(), items: Vec::new() };
        let mut program = Program { files: vec![root], next: 0 };
        for _ in 0..random.usize(1..4) {
            program.new_file();
        }
        for _ in 0..random.usize(4..24) {
            program.insert_with(random, None);
        }
        program
    }

    pub(crate) fn new(random: &mut fastrand::Rng) -> Program {
        let root = File { name: "utama.fox".to_owned(), imports: Vec::new(), items: Vec::new() };
        let mut program = Program { files: vec![root], next: 0 };
        for _ in 0..random.usize(1..4) {
            program.new_file();
        }
        for _ in 0..random.usize(4..16) {
            program.insert(random);
        }
        program
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, String)> {
        self.files
            .iter()
            .map(|file| (file.name.as_str(), file.text(file.name == "utama.fox", self)))
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Does one edit that leaves a healthy program healthy; what it was.
    pub(crate) fn edit_gently(
        &mut self,
        past: &[Program],
        random: &mut fastrand::Rng,
    ) -> &'static str {
        match random.u32(0..24) {
            0 => {
                self.insert_with(random, None);
                "insert"
            }
            1 => self.edit_as(9, past, random),
            2 => self.edit_as(14, past, random),
            3 => self.edit_as(11, past, random),
            4..9 => self.edit_as(13, past, random),
            9..12 => self.edit_as(16, past, random),
            12..16 => self.edit_as(17, past, random),
            16..18 => {
                // Several at once.
                for _ in 0..random.usize(2..5) {
                    let edit = *random.choice(&[13, 16, 17]).unwrap();
                    self.edit_as(edit, past, random);
                }
                "several"
            }
            _ => {
                self.recall(random);
                "change whom it calls"
            }
        }
    }

    /// Breaks something of a program that is healthy now and then, or mends all of it and edits it besides; what it was.
    pub(crate) fn break_or_mend(
        &mut self,
        past: &[Program],
        random: &mut fastrand::Rng,
    ) -> &'static str {
        match random.u32(0..12) {
            0..4 => self.edit_as(5, past, random),
            4 => self.edit_as(2, past, random),
            5 => self.edit_as(3, past, random),
            6 => self.edit_as(9, past, random),
            7..11 => {
                let items = self.files.iter_mut().flat_map(|file| &mut file.items);
                items.for_each(|item| item.damage = Damage::Nothing);
                if random.bool() {
                    self.edit_as(*random.choice(&[13, 16, 17]).unwrap(), past, random);
                }
                "mend"
            }
            _ => self.edit_gently(past, random),
        }
    }

    /// Somebody calls others than before: functions that stand before it, so that no call leads back.
    fn recall(&mut self, random: &mut fastrand::Rng) {
        let mut names: Vec<String> = self.items().map(|item| item.name.clone()).collect();
        names.sort();
        if let Some(Item { name, kind: Kind::Function { calls, .. }, .. }) = self.any_item(random) {
            let count = random.usize(0..4);
            names.retain(|other| (other.len(), other) < (name.len(), name));
            *calls = (0..count).filter_map(|_| random.choice(&names).cloned()).collect();
        }
    }

    /// Does one edit; what it was.
    pub(crate) fn edit(&mut self, past: &[Program], random: &mut fastrand::Rng) -> &'static str {
        let edit = random.u32(0..20);
        self.edit_as(edit, past, random)
    }

    fn edit_as(&mut self, edit: u32, past: &[Program], random: &mut fastrand::Rng) -> &'static str {
        match edit {
            0 | 1 => {
                self.insert(random);
                "insert"
            }
            2 => {
                if let Some((file, at)) = self.any(random) {
                    self.files[file].items.remove(at);
                }
                "delete"
            }
            3 => {
                let name = format!("nama{}", self.number());
                if let Some(item) = self.any_item(random) {
                    item.name = name;
                }
                "rename the definition"
            }
            4 => {
                let name = format!("nama{}", self.number());
                if let Some(item) = self.any_item(random) {
                    let old = std::mem::replace(&mut item.name, name.clone());
                    self.rename_calls(&old, &name);
                }
                "rename everywhere"
            }
            5 | 6 => {
                let damage = DAMAGES[random.usize(0..DAMAGES.len())];
                if let Some(item) = self.any_item(random) {
                    item.damage = damage;
                }
                "break"
            }
            7 | 8 => {
                for item in self.files.iter_mut().flat_map(|file| &mut file.items) {
                    if random.bool() {
                        item.damage = Damage::Nothing;
                    }
                }
                "fix"
            }
            9 => {
                self.clone_from(&past[random.usize(0..past.len())]);
                "revert"
            }
            10 => {
                if let Some((file, at)) = self.any(random) {
                    let item = self.files[file].items.remove(at);
                    let to = random.usize(0..self.files.len());
                    let at = random.usize(0..=self.files[to].items.len());
                    self.files[to].items.insert(at, item);
                }
                "move"
            }
            11 => {
                if let Some(item) = self.any_item(random)
                    && let Kind::Function { params, .. } = &mut item.kind
                {
                    *params = (*params + 1) % 4;
                }
                "change a signature"
            }
            12 => {
                for item in self.files.iter_mut().flat_map(|file| &mut file.items) {
                    if let Kind::Struct { fields } = &mut item.kind {
                        *fields = *fields % 3 + 1;
                    }
                }
                "change structs"
            }
            13 => {
                if let Some(item) = self.any_item(random) {
                    match &mut item.kind {
                        Kind::Const { value }
                        | Kind::Global { value }
                        | Kind::Block { value }
                        | Kind::Statement { value }
                        | Kind::Function { value, .. } => *value = random.i64(-9..1000),
                        Kind::Struct { .. } | Kind::Guess { .. } => {}
                    }
                }
                "change a value"
            }
            14 => {
                let file = random.usize(0..self.files.len());
                random.shuffle(&mut self.files[file].imports);
                "reorder imports"
            }
            15 => {
                if self.files.len() > 2 && random.bool() {
                    self.files.remove(random.usize(1..self.files.len()));
                    return "delete a file";
                }
                self.new_file();
                "new file"
            }
            16 => {
                if let Some(item) = self.any_item(random) {
                    item.above = random.u32(0..4);
                }
                "lines above"
            }
            _ => {
                if let Some(item) = self.any_item(random) {
                    item.layout = random.u32(..) & random.u32(..);
                }
                "comments and layout inside"
            }
        }
    }

    fn new_file(&mut self) {
        let name = format!("berkas{}.fox", self.number());
        let importer = self.files.len() / 2;
        self.files[importer].imports.push(name.clone());
        self.files.push(File { name, imports: Vec::new(), items: Vec::new() });
    }

    fn any(&self, random: &mut fastrand::Rng) -> Option<(usize, usize)> {
        let file = random.usize(0..self.files.len());
        let items = self.files[file].items.len();
        (items > 0).then(|| (file, random.usize(0..items)))
    }

    fn any_item(&mut self, random: &mut fastrand::Rng) -> Option<&mut Item> {
        let (file, at) = self.any(random)?;
        self.files[file].items.get_mut(at)
    }

    fn rename_calls(&mut self, old: &str, new: &str) {
        for item in self.files.iter_mut().flat_map(|file| &mut file.items) {
            if let Kind::Function { calls, .. } = &mut item.kind {
                for call in calls.iter_mut().filter(|call| *call == old) {
                    new.clone_into(call);
                }
            }
        }
    }

    fn insert(&mut self, random: &mut fastrand::Rng) {
        // Now and then a name that is there already.
        let names: Vec<String> = self.items().map(|item| item.name.clone()).collect();
        let name = match random.u32(0..12) {
            0 => random.choice(&names).cloned(),
            _ => None,
        };
        self.insert_with(random, name);
    }

    /// Inserts a definition with this name, or a new one.
    fn insert_with(&mut self, random: &mut fastrand::Rng, name: Option<String>) {
        let names: Vec<String> = self.items().map(|item| item.name.clone()).collect();
        let value = random.i64(0..100);
        let kind = match random.u32(0..10) {
            0 => Kind::Struct { fields: random.u32(1..4) },
            1 | 2 => Kind::Const { value },
            3 => Kind::Global { value },
            4 => Kind::Block { value },
            5 => Kind::Statement { value },
            6 => Kind::Guess { field: random.u32(0..3) },
            _ => {
                let params = random.u32(0..4);
                let calls = (0..random.usize(0..4)).filter_map(|_| random.choice(&names).cloned());
                Kind::Function { params, value, calls: calls.collect() }
            }
        };
        let name = name.unwrap_or_else(|| format!("nama{}", self.number()));
        let above = random.u32(0..3);
        let item = Item { name, kind, above, layout: 0, damage: Damage::Nothing };
        let file = random.usize(0..self.files.len());
        let at = random.usize(0..=self.files[file].items.len());
        self.files[file].items.insert(at, item);
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        self.files.iter().flat_map(|file| &file.items)
    }

    /// How the definition of this name is used in an expression.
    fn used(&self, name: &str) -> String {
        match self.items().find(|item| item.name == name).map(|item| &item.kind) {
            Some(Kind::Function { params, .. }) => {
                let arguments: Vec<String> = (1..=*params).map(|n| n.to_string()).collect();
                format!("{name}({})", arguments.join(", "))
            }
            Some(Kind::Struct { fields }) => {
                let arguments: Vec<String> = (1..=*fields).map(|n| n.to_string()).collect();
                format!("baca_{name}({name}({}))", arguments.join(", "))
            }
            Some(Kind::Const { .. } | Kind::Global { .. }) => name.to_owned(),
            Some(Kind::Block { .. } | Kind::Statement { .. } | Kind::Guess { .. }) => {
                "7".to_owned()
            }
            // Its definition is gone: an error, unless somebody writes it again.
            None => name.to_owned(),
        }
    }
}

impl File {
    fn text(&self, is_root: bool, program: &Program) -> String {
        let mut text = String::new();
        for import in &self.imports {
            writeln!(text, "ambil \"{import}\"").unwrap();
        }
        for item in &self.items {
            item.write(&mut text, program);
        }
        if is_root {
            text.push_str("fungsi mulai()\n");
            for item in program.items().take(20) {
                match item.kind {
                    Kind::Function { .. }
                    | Kind::Struct { .. }
                    | Kind::Const { .. }
                    | Kind::Global { .. } => {
                        writeln!(text, "  cetak({})", program.used(&item.name)).unwrap();
                    }
                    Kind::Block { .. } | Kind::Statement { .. } | Kind::Guess { .. } => {}
                }
            }
            text.push_str("tutup_fungsi\n");
        }
        text
    }
}

impl Item {
    fn write(&self, text: &mut String, program: &Program) {
        for line in 0..self.above {
            text.push_str(if line % 2 == 0 { "\n" } else { "; catatan\n" });
        }
        let mut lines = String::new();
        self.write_lines(&mut lines, program);
        for (number, line) in (0..).zip(lines.lines()) {
            let bits = self.layout.rotate_right(number * 3);
            if number > 0 && bits & 1 != 0 {
                text.push_str(if bits & 2 != 0 { "\n" } else { "  ; di dalam (\n" });
            }
            if number > 0 && bits & 2 != 0 {
                text.push_str("\t ");
            }
            text.push_str(line);
            text.push_str(if bits & 4 != 0 { " # di belakang \"\n" } else { "\n" });
        }
    }

    fn write_lines(&self, text: &mut String, program: &Program) {
        let name = &self.name;
        let wrong = match self.damage {
            Damage::Nothing | Damage::Unclosed => "",
            Damage::UnknownName => "  cetak(tiada)\n",
            Damage::Syntax => "  var = )\n",
            Damage::Arity => "  cetak(str_eq(1))\n",
            Damage::UnknownField => "  cetak(1.tiada)\n",
        };
        let end = |end: &'static str| if self.damage == Damage::Unclosed { "" } else { end };
        match &self.kind {
            Kind::Function { params, value, calls } => {
                let params: Vec<String> = (0..*params).map(|n| format!("p{n}")).collect();
                let params = params.join(", ");
                // One that calls itself would not end.
                let calls = calls.iter().filter(|call| *call != name);
                let calls = calls.map(|call| program.used(call));
                let end = end("tutup_fungsi");
                if value % 4 == 3 {
                    // What it gives may be of any type.
                    writeln!(text, "fungsi {name}({params})\n{wrong}").unwrap();
                    for call in calls {
                        writeln!(text, "  jika (1)\n    kembalikan {call}\n  tutup_jika").unwrap();
                    }
                    let last = ["0", "\"kata\"", "7", "0.5"][value.unsigned_abs() as usize / 4 % 4];
                    writeln!(text, "  kembalikan {last}\n{end}").unwrap();
                } else {
                    writeln!(text, "fungsi {name}({params})\n{wrong}  var hasil = {value}")
                        .unwrap();
                    for call in calls {
                        writeln!(text, "  hasil = hasil + {call}").unwrap();
                    }
                    writeln!(text, "  kembalikan hasil\n{end}").unwrap();
                }
            }
            Kind::Struct { fields } => {
                let wrong = if wrong.is_empty() { "" } else { "  salah tiada\n" };
                writeln!(text, "struktur {name}\n{wrong}").unwrap();
                for field in 0..*fields {
                    writeln!(text, "  medan{field} int").unwrap();
                }
                writeln!(text, "{}", end("tutup_struktur")).unwrap();
                let field = if self.damage == Damage::UnknownField { "tiada" } else { "medan0" };
                writeln!(
                    text,
                    "fungsi baca_{name}(nilai)\n  tipe nilai {name}\n  kembalikan nilai.{field}\ntutup_fungsi"
                )
                .unwrap();
            }
            Kind::Const { value } => {
                let wrong = if wrong.is_empty() { "" } else { " + tiada" };
                writeln!(text, "const {name} = {value}{wrong}").unwrap();
            }
            Kind::Global { value } => {
                let wrong = if wrong.is_empty() { "" } else { " + tiada" };
                writeln!(text, "var {name} = {value}{wrong}").unwrap();
            }
            Kind::Guess { field } => {
                let end = end("tutup_fungsi");
                writeln!(text, "fungsi {name}(p)\n{wrong}  kembalikan p.medan{field}\n{end}")
                    .unwrap();
            }
            Kind::Block { value } => {
                writeln!(text, "unit {name}\n{wrong}  cetak({value})\n{}", end("tutup_unit"))
                    .unwrap();
            }
            Kind::Statement { value } => {
                let wrong = if wrong.is_empty() { "" } else { " + tiada" };
                writeln!(text, "cetak({value}{wrong})").unwrap();
            }
        }
    }
}
