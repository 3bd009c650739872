//! Every code that Morph can report, in one table.

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The fragment is closed (or the command fails).
    Error,
    /// The fragment works; it probably does not do what its author thinks.
    Warning,
    /// Worth knowing; shown under `--verbose` only.
    Note,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $severity:ident;)+) => {
        /// The stable name of a kind of problem. The arguments of its message stand in its docstring.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The name that people see and search for.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }

            pub const fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)+ }
            }
        }
    };
}

impl Code {
    /// The code with this name, whatever its case.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

// Which marks and footers a code may have stands in the catalogue: the attributes `.mark-x`, `.help-x`, `.note-x`.
codes! {
    // ---- Files and the root.
    /// `path`. The file does not exist.
    FileMissing = "FILE_MISSING", Error;
    /// `path`, `reason`. The file exists and cannot be read (permission, directory, device).
    FileUnreadable = "FILE_UNREADABLE", Error;
    /// `path`, `offset`. The file is not UTF-8 (a NUL byte is `TextNul`).
    FileNotUtf8 = "FILE_NOT_UTF8", Error;
    /// `path`, `size`. The file is larger than 4 GiB.
    FileTooLarge = "FILE_TOO_LARGE", Error;
    /// `reason`, in English: the parser's own words. `morph.toml` is not TOML.
    ConfigMalformed = "CONFIG_MALFORMED", Error;
    /// `key`, `what` (key, table), `place` (the table, or `top`), `known`; optional `nearest`, `home`. A key of `morph.toml` that is none.
    ConfigKey = "CONFIG_KEY_UNKNOWN", Error;
    /// `key`, `reason` (kind, range), `needed` (number, expression, table), `given` (the kind, or the value that is out of
    /// range); of a number `least`, `most`. Footers: help-number, help-table, help-expression (`example`).
    ConfigValue = "CONFIG_VALUE", Error;
    /// No `mulai` and no top-level statement.
    EntryMissing = "ENTRY_MISSING", Error;
    /// `count`. `mulai` takes more than two parameters.
    EntryParameters = "ENTRY_PARAMETERS", Error;

    // ---- Lexing and parsing.
    /// `found`. A byte or character that no token begins with.
    CharacterUnexpected = "CHARACTER_UNEXPECTED", Error;
    /// A NUL byte in the text.
    TextNul = "TEXT_NUL", Error;
    /// A string literal without its closing quote.
    StringUnclosed = "STRING_UNCLOSED", Error;
    /// `escape`. An escape sequence that is none.
    StringEscape = "STRING_ESCAPE", Error;
    /// `text`. An integer literal beyond 64 bits.
    NumberTooLarge = "NUMBER_TOO_LARGE", Error;
    /// `text`. Letters stuck to a number, or a number that is none.
    NumberMalformed = "NUMBER_MALFORMED", Error;
    /// `expected`, `found`. The parser wanted something else here.
    SyntaxUnexpected = "SYNTAX_UNEXPECTED", Error;
    /// `text`. A line that is no statement at all.
    StatementUnknown = "STATEMENT_UNKNOWN", Error;
    /// `keyword`, `closer`. A block that is never closed; marks the opening keyword.
    BlockUnclosed = "BLOCK_UNCLOSED", Error;
    /// `found`, `expected`, `opener`. A closer that does not match the innermost open block.
    BlockMismatched = "BLOCK_MISMATCHED", Error;
    /// `found`. A closer with nothing to close.
    CloserStray = "CLOSER_STRAY", Error;
    /// `delimiter`. A `(` or `[` without its partner.
    DelimiterUnclosed = "DELIMITER_UNCLOSED", Error;
    /// `limit`. Nesting deeper than the limit.
    NestingTooDeep = "NESTING_TOO_DEEP", Error;
    /// `keyword`. A definition inside another definition.
    DefinitionNested = "DEFINITION_NESTED", Error;
    /// `name`. A reserved word where a name must stand.
    NameReserved = "NAME_RESERVED", Error;
    /// `closer`. The old closer `akhir`; proposes the right one.
    AkhirDeprecated = "AKHIR_DEPRECATED", Warning;
    /// `pilihan_lain` is not last, or stands twice.
    SwitchDefaultPlace = "SWITCH_DEFAULT_PLACE", Error;
    /// `word`. Words of other languages that never existed here (`maka`, `else`); optional `proposal`.
    WordForeign = "WORD_FOREIGN", Error;
    /// `op`. An operator that the language does not have (`+=`, `? :`).
    OperatorUnknown = "OPERATOR_UNKNOWN", Error;
    /// A directive that only the built-in library may use (`asm_rutin`).
    LibraryOnly = "LIBRARY_ONLY", Error;

    // ---- Imports.
    /// `path`. An imported file is nowhere in the search order.
    ImportMissing = "IMPORT_MISSING", Error;
    /// `path`. An import that leaves the project and the library.
    ImportOutside = "IMPORT_OUTSIDE", Error;
    /// `id`. No registry knows the ID.
    IdUnregistered = "ID_UNREGISTERED", Error;
    /// `id`, `path`. The file that the registry names has no such block.
    IdMissing = "ID_MISSING", Error;
    /// `id`, `path`. A hole inside a range, skipped.
    IdSkipped = "ID_SKIPPED", Note;
    /// `text`. A malformed ID list, a reversed range.
    IdMalformed = "ID_MALFORMED", Error;
    /// `count`, `limit`. A range with more IDs than the limit.
    IdRangeTooLarge = "ID_RANGE_TOO_LARGE", Error;
    /// `id`, `first`, `second`. Two registries disagree; the later one wins.
    RegistryConflict = "REGISTRY_CONFLICT", Warning;
    /// `chain`. Files that import each other; harmless, each is taken once.
    ImportCycle = "IMPORT_CYCLE", Note;
    /// `name`, `path`, `id`. Closure brought a definition in.
    NameClosed = "NAME_IMPORTED", Note;
    /// `name`, `id`, `path`. Under `--strict-imports`: the name must be imported.
    ImportNeeded = "IMPORT_NEEDED", Error;

    // ---- Names and definitions.
    /// `name`, `kind` (function, variable); optional `nearest`.
    NameUnknown = "NAME_UNKNOWN", Error;
    /// `name`, `candidates`. Closure found two definitions on one level.
    NameAmbiguous = "NAME_AMBIGUOUS", Error;
    /// `name`, `kind`. Defined twice; the first stays active.
    DefinitionDuplicate = "DEFINITION_DUPLICATE", Error;
    /// `name`. Declared twice in one block.
    VariableDuplicate = "VARIABLE_DUPLICATE", Error;
    /// `name`. Two parameters or two fields share a name.
    ParameterDuplicate = "PARAMETER_DUPLICATE", Error;
    /// `name`, `structure`.
    FieldDuplicate = "FIELD_DUPLICATE", Error;
    /// `name`. A program's definition replaces a library one in the program's code.
    LibraryShadowed = "LIBRARY_SHADOWED", Note;
    /// `name`. A function named `cetak` or `cetak_str` is never called: the statement wins.
    PrintUnreachable = "PRINT_UNREACHABLE", Note;
    /// `name`. Assigning to a constant.
    ConstantAssigned = "CONSTANT_ASSIGNED", Error;
    /// A constant's value is not known at compile time. Footers: note-division.
    ConstantNotConstant = "CONSTANT_NOT_CONSTANT", Error;
    /// `chain`. Constants that need each other.
    ConstantCycle = "CONSTANT_CYCLE", Error;
    /// `name`. Assigning to a function or struct.
    AssignTarget = "ASSIGN_TARGET", Error;

    // ---- Types.
    /// `name`; `what` is `type` for a struct's name, absent for a value whose struct is not known; optional `candidates`.
    TypeUnknown = "TYPE_UNKNOWN", Error;
    /// `field`, `structure`, `offset`. Case 3 of the field rule: guessed from all structs.
    TypeGuessed = "TYPE_GUESSED", Warning;
    /// `field`, `structure`; optional `fields`, `nearest`.
    FieldUnknown = "FIELD_UNKNOWN", Error;
    /// `name`, `expected`, `found`. Wrong number of arguments.
    ArityMismatch = "ARITY_MISMATCH", Error;
    /// `name`, `limit`, `found`. A constructor with more values than fields.
    ConstructorTooMany = "CONSTRUCTOR_TOO_MANY", Error;
    /// `expected`, `found`. A value of another type is needed here.
    TypeMismatch = "TYPE_MISMATCH", Error;
    /// `op`. Bit operators, `%` and shifts on floats.
    FloatOperator = "FLOAT_OPERATOR", Error;
    /// `what` (parameter, argument, field, element), `name`, `parameter` (not of an element). A float goes where an
    /// untyped word is expected: its bits travel. Footers: help-parameter, help-argument, help-field, help-element.
    FloatAsWord = "FLOAT_AS_WORD", Warning;
    /// `op`. Arithmetic on a string; proposes `str_concat`.
    StringOperator = "STRING_OPERATOR", Error;
    /// `==` between two strings compares addresses; proposes `str_eq`.
    StringCompared = "STRING_COMPARED_BY_ADDRESS", Warning;
    /// `berhenti` outside a loop (`word`).
    LoopOutside = "LOOP_OUTSIDE", Error;
    /// `count`, `limit`. More shards in one `paralel` than can start from the same memory. The span: the first that is too many.
    ShardsTooMany = "SHARDS_TOO_MANY", Error;
    /// `kembalikan` or `return` at file level (`word`).
    ReturnOutside = "RETURN_OUTSIDE", Error;
    /// `value`. Two `kasus` with the same constant.
    CaseDuplicate = "CASE_DUPLICATE", Warning;
    /// Statements after a `kembalikan` in the same block.
    CodeUnreachable = "CODE_UNREACHABLE", Warning;
    /// `length`. An array length that is negative or too large.
    ArrayLength = "ARRAY_LENGTH", Error;
    /// `simpan` without its `kembalikan`, in a position where it saves nothing.
    SaveUnclosed = "SAVE_UNCLOSED", Warning;
    /// A constant division by zero.
    DivisionByZero = "DIVISION_BY_ZERO", Warning;

    // ---- Inline assembly.
    /// `mnemonic`; optional `nearest`.
    AsmMnemonic = "ASM_MNEMONIC", Error;
    /// `instruction`. No form of the instruction takes these operands.
    AsmOperands = "ASM_OPERANDS", Error;
    /// `instruction`. The operand size is ambiguous; proposes `byte` .. `qword`.
    AsmSize = "ASM_SIZE", Error;
    /// `text`. The operand cannot be read.
    AsmOperandMalformed = "ASM_OPERAND_MALFORMED", Error;
    /// `name`. A symbol that nothing defines.
    AsmSymbol = "ASM_SYMBOL", Error;
    /// `name`. A label defined twice in one function. Marks: first.
    AsmLabelDuplicate = "ASM_LABEL_DUPLICATE", Error;
    /// `text`. A directive that is none, or malformed.
    AsmDirective = "ASM_DIRECTIVE", Error;
    /// `value`, `bits`. An immediate or displacement that does not fit.
    AsmRange = "ASM_RANGE", Error;
    /// `keyword`, `closer`. An `asm_mulai` or `asm_data` without its closer.
    AsmUnclosed = "ASM_UNCLOSED", Error;
    /// `name`. `[var_x]` of an undeclared name declares a local.
    AsmVariableDeclared = "ASM_VARIABLE_DECLARED", Warning;
    /// `target`. Inline assembly is for another machine than the target.
    AsmTarget = "ASM_TARGET", Error;

    // ---- Expressions outside of programs: policies, `morph eval`.
    /// `reason` (the kind in kebab case), `text` (what stands at the mark), `limit`. A text that is no expression.
    ExpressionMalformed = "EXPRESSION_MALFORMED", Error;
    /// `reason` (name, policy-name, division, remainder), `text`; optional `nearest`; of a policy `policy`. An expression that has no value.
    ExpressionUndefined = "EXPRESSION_UNDEFINED", Error;

    // ---- What happens to a fragment, and Morph's own faults.
    /// `name` of what is needed and closed. The fragment is closed with it: listed under what is lost, no message of its own.
    FragmentClosed = "FRAGMENT_CLOSED", Note;
    /// `count`. A function too large for the back end.
    FunctionTooLarge = "FUNCTION_TOO_LARGE", Error;
    /// `kind`, `phase`, `fault`, `cost` (fragment, import or file); `bundle` if there is one. The compiler crashed on the fragment, each time.
    CompilerCrashed = "COMPILER_CRASHED", Error;
    /// `kind`, `phase`, `fault`, `cost`; `bundle` if there is one. The compiler used up time or memory on the fragment.
    CompilerExhausted = "COMPILER_EXHAUSTED", Error;
    /// `kind`, `phase`, `fault`; `bundle` if there is one. The fragment could only be compiled with less optimisation.
    CompilerLowered = "COMPILER_LOWERED", Warning;
    /// `reason`. The compiler failed on this fragment: Morph's fault.
    CompilerFault = "COMPILER_FAULT", Error;
    /// `path`, `reason`. The image could not be written.
    OutputFailed = "OUTPUT_FAILED", Error;
}
