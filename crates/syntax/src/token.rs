//! What a piece of text can be: the kinds of tokens and the table of reserved words.
//!
//! Words that are keywords only in a certain place (`unit`, `gabung`, ...) have kinds of their own; whoever reads
//! them decides by their place and treats them as [`Kind::Ident`] elsewhere.

/// The kind of a token. Operators come last, in the order of [`Kind::binary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// End of the text.
    Eof,
    /// A line end that ends a statement; made by the parser, never by the lexer.
    Eol,
    Ident,
    Int,
    Float,
    Str,
    // Bad tokens; each is its own diagnostic.
    BadNumber,
    BadString,
    BadChar,
    Nul,
    /// A bad token that has been reported.
    Reported,
    // Definitions.
    Fungsi,
    Struktur,
    AsmData,
    AsmRutin,
    // Closers and parts of blocks.
    TutupFungsi,
    TutupStruktur,
    TutupJika,
    TutupSelama,
    TutupUntuk,
    TutupPilih,
    TutupAsm,
    TutupData,
    Akhir,
    Lain,
    LainJika,
    Kasus,
    PilihanLain,
    // Statements that open a block.
    Jika,
    Selama,
    Untuk,
    Pilih,
    AsmMulai,
    // Other statements.
    Const,
    Var,
    Tipe,
    Panggil,
    Kembalikan,
    Return,
    Simpan,
    Berhenti,
    Lanjut,
    Cetak,
    CetakStr,
    AmbilFile,
    AmbilBlocks,
    Indeks,
    Daftar,
    // Reserved words of expressions.
    Baca,
    Benar,
    Salah,
    // Words that are reserved only in their place.
    Unit,
    Shard,
    Fragment,
    Paralel,
    Gabung,
    TutupUnit,
    TutupShard,
    TutupFragment,
    // Punctuation.
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    Dot,
    Comma,
    Colon,
    /// Only inside the header of an `untuk`; a comment elsewhere.
    Semicolon,
    Assign,
    PlusPlus,
    MinusMinus,
    /// `+=` and its kin: no operators of this language.
    OpAssign,
    Question,
    Bang,
    Tilde,
    // Binary operators.
    OrElse,
    AndThen,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessEqual,
    GreaterEqual,
    Pipe,
    Caret,
    Ampersand,
    ShiftLeft,
    ShiftRight,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
}

/// A token and its place. `line_start`: it is the first one of its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) line_start: bool,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

const KEYWORDS: [(&str, Kind); 48] = [
    ("var", Kind::Var),
    ("const", Kind::Const),
    ("tipe", Kind::Tipe),
    ("struktur", Kind::Struktur),
    ("tutup_struktur", Kind::TutupStruktur),
    ("fungsi", Kind::Fungsi),
    ("tutup_fungsi", Kind::TutupFungsi),
    ("panggil", Kind::Panggil),
    ("kembalikan", Kind::Kembalikan),
    ("return", Kind::Return),
    ("simpan", Kind::Simpan),
    ("jika", Kind::Jika),
    ("lain_jika", Kind::LainJika),
    ("lain", Kind::Lain),
    ("tutup_jika", Kind::TutupJika),
    ("selama", Kind::Selama),
    ("tutup_selama", Kind::TutupSelama),
    ("untuk", Kind::Untuk),
    ("tutup_untuk", Kind::TutupUntuk),
    ("pilih", Kind::Pilih),
    ("kasus", Kind::Kasus),
    ("pilihan_lain", Kind::PilihanLain),
    ("tutup_pilih", Kind::TutupPilih),
    ("berhenti", Kind::Berhenti),
    ("lanjut", Kind::Lanjut),
    ("cetak", Kind::Cetak),
    ("cetak_str", Kind::CetakStr),
    ("baca", Kind::Baca),
    ("asm_mulai", Kind::AsmMulai),
    ("tutup_asm", Kind::TutupAsm),
    ("asm_data", Kind::AsmData),
    ("tutup_data", Kind::TutupData),
    ("asm_rutin", Kind::AsmRutin),
    ("indeks", Kind::Indeks),
    ("Daftar", Kind::Daftar),
    ("Ambil", Kind::AmbilBlocks),
    ("ambil", Kind::AmbilFile),
    ("benar", Kind::Benar),
    ("salah", Kind::Salah),
    ("akhir", Kind::Akhir),
    ("unit", Kind::Unit),
    ("shard", Kind::Shard),
    ("fragment", Kind::Fragment),
    ("paralel", Kind::Paralel),
    ("gabung", Kind::Gabung),
    ("tutup_unit", Kind::TutupUnit),
    ("tutup_shard", Kind::TutupShard),
    ("tutup_fragment", Kind::TutupFragment),
];

const fn slot(word: &[u8]) -> usize {
    let n = word.len();
    let sum =
        word[0] as usize * 189 + word[n - 2] as usize * 104 + word[n - 1] as usize * 167 + n * 243;
    sum & 127
}

/// Perfect: the factors in `slot` were searched so that no two keywords meet (checked while compiling).
static SLOTS: [(&str, Kind); 128] = {
    let mut slots = [("", Kind::Ident); 128];
    let mut i = 0;
    while i < KEYWORDS.len() {
        let at = slot(KEYWORDS[i].0.as_bytes());
        assert!(slots[at].0.is_empty(), "two keywords share a slot");
        slots[at] = KEYWORDS[i];
        i += 1;
    }
    slots
};

/// The kind of a word: a keyword's own or [`Kind::Ident`].
pub(crate) fn word_kind(word: &[u8]) -> Kind {
    if word.len() < 3 {
        return Kind::Ident;
    }
    let (text, kind) = SLOTS[slot(word)];
    if text.as_bytes() == word { kind } else { Kind::Ident }
}

impl Kind {
    /// A keyword in some places, a name in all others.
    pub(crate) fn is_contextual(self) -> bool {
        (Kind::Unit as u8..=Kind::TutupFragment as u8).contains(&(self as u8))
    }

    /// A word that is reserved everywhere.
    pub(crate) fn is_reserved(self) -> bool {
        (Kind::Fungsi as u8..=Kind::Salah as u8).contains(&(self as u8))
    }

    /// A definition that never stands inside another one.
    pub(crate) fn is_definition(self) -> bool {
        (Kind::Fungsi as u8..=Kind::AsmRutin as u8).contains(&(self as u8))
    }

    /// A closer, or a word that begins the next part of a block; contextual ones count too.
    pub(crate) fn ends_body(self) -> bool {
        (Kind::TutupFungsi as u8..=Kind::PilihanLain as u8).contains(&(self as u8))
            || (Kind::Gabung as u8..=Kind::TutupFragment as u8).contains(&(self as u8))
    }

    /// A reserved word that begins a statement or definition, or ends one: never a part of an expression.
    pub(crate) fn begins_line(self) -> bool {
        (Kind::Fungsi as u8..=Kind::Daftar as u8).contains(&(self as u8))
    }

    /// A word that begins a statement with a body.
    pub(crate) fn opens_block(self) -> bool {
        (Kind::Jika as u8..=Kind::AsmMulai as u8).contains(&(self as u8))
    }
}
