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
    // Words that are reserved only in their place.
    Unit,
    Shard,
    Fragment,
    Paralel,
    Gabung,
    TutupUnit,
    TutupShard,
    TutupFragment,
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

/// A token and its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    // Start and end in one word: stored and loaded as one, which is faster than as two halves.
    place: u64,
    pub(crate) kind: Kind,
    /// It is the first one of its line.
    pub(crate) line_start: bool,
}

impl Token {
    #[inline(always)]
    pub(crate) const fn new(kind: Kind, line_start: bool, start: usize, end: usize) -> Token {
        Token { place: start as u64 | (end as u64) << 32, kind, line_start }
    }

    #[inline(always)]
    pub(crate) const fn start(self) -> u32 {
        self.place as u32
    }

    #[inline(always)]
    pub(crate) const fn end(self) -> u32 {
        (self.place >> 32) as u32
    }
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

/// The longest keyword fits.
const WORD_BYTES: usize = 16;

const fn slot(key: u128) -> usize {
    let folded = key as u64 ^ (key >> 64) as u64;
    (folded.wrapping_mul(0x8325_f276_b196_b0c7) >> 56) as usize
}

const fn key(word: &[u8]) -> u128 {
    let mut key = 0;
    let mut i = word.len();
    while i > 0 {
        i -= 1;
        key = key << 8 | word[i] as u128;
    }
    key
}

/// Perfect: the factor in `slot` was searched so that no two keywords meet (checked while compiling).
static SLOTS: [(u128, Kind); 256] = {
    let mut slots = [(0, Kind::Ident); 256];
    let mut i = 0;
    while i < KEYWORDS.len() {
        let word = KEYWORDS[i].0.as_bytes();
        let key = key(word);
        let at = slot(key);
        assert!(slots[at].0 == 0 && word.len() <= WORD_BYTES, "two keywords share a slot");
        slots[at] = (key, KEYWORDS[i].1);
        i += 1;
    }
    slots
};

/// The bytes of a word of each length.
static MASKS: [u128; WORD_BYTES + 1] = {
    let mut masks = [0; WORD_BYTES + 1];
    let mut i = 1;
    while i <= WORD_BYTES {
        masks[i] = u128::MAX >> (128 - i * 8);
        i += 1;
    }
    masks
};

/// The key of a word near the end of the text.
#[cold]
#[inline(never)]
fn last_key(text: &[u8], start: usize, end: usize) -> u128 {
    key(&text[start..end])
}

/// The kind of the word at `start..end`: a keyword's own or [`Kind::Ident`].
#[inline(always)]
pub(crate) fn word_kind(text: &[u8], start: usize, end: usize) -> Kind {
    let length = end - start;
    if !(3..=WORD_BYTES).contains(&length) {
        return Kind::Ident;
    }
    // Mostly there are bytes enough behind the word to read it as one number.
    let key = match text.get(start..start + WORD_BYTES).and_then(|bytes| bytes.first_chunk()) {
        Some(bytes) => u128::from_le_bytes(*bytes) & MASKS[length],
        None => last_key(text, start, end),
    };
    let (keyword, kind) = SLOTS[slot(key)];
    if keyword == key { kind } else { Kind::Ident }
}

impl Kind {
    /// Needs a second look: a bad token, or a keyword in its place only.
    #[inline(always)]
    pub(crate) fn is_special(self) -> bool {
        (Kind::BadNumber as u8..=Kind::TutupFragment as u8).contains(&(self as u8))
    }

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
