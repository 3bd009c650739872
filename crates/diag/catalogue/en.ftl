### English wording of every diagnostic. The keys are the names of `Code`.
###
### `.label` stands at the primary mark, `.mark-x` at a second mark. `.help` and `.note` are always
### shown (when their arguments are there); `.help-x` and `.note-x` only where a phase asks for them.
### Lowercase, no full stop, code in backticks. A list argument arrives as "`a`, `b`".

## Words around a diagnostic.

level-error = error
level-warning = warning
level-note = note
level-help = help
fix-title = write it like this
help-nearest = did you mean `{ $nearest }`?

## What a build says after its diagnostics.

loss-summary = isolated: { $closed } of { $total } fragments; { $working ->
        [0] nothing else is left
        [one] the other one works
       *[other] the other { $working } work
    }
loss-statement = top-level statement
loss-import = the failed import
loss-because = because of { $cause }
loss-reached = reached by { $path }
loss-unreached = nothing reaches it
loss-startup = start-up
loss-skipped = it does not run
loss-entry = the program begins with it
loss-crashed = this is Morph's fault, not yours: `morph replay { $bundle }` shows it
loss-crashed-only = this is Morph's fault, not yours
loss-exhausted-only = it takes more than a fragment may have
loss-exhausted = it takes more than a fragment may have: `morph replay { $bundle }` shows it

## Facts that arrive as a word of the compiler.

expected-kind = { $expected-key ->
    [expression] an expression
    [name] a name
    [statement] a statement
    [call] a call
    [string] a string
    [number] a number
    [end-of-line] the end of the line
    [end-of-file] the end of the file
    [path-in-quotes] a path in quotes
    [block-number] a block number
    [definition] a definition
   *[other] { $expected }
}
found-kind = { $found-key ->
    [expression] an expression
    [name] a name
    [statement] a statement
    [call] a call
    [string] a string
    [number] a number
    [end-of-line] the end of the line
    [end-of-file] the end of the file
    [path-in-quotes] a path in quotes
    [block-number] a block number
    [definition] a definition
   *[other] { $found }
}
name-kind = { $kind-key ->
    [function] function
    [variable] variable
    [struct] struct
    [constant] constant
    [global] global variable
    [unit] unit block
    [routine] routine
    [parameter] parameter
    [field] field
   *[other] name
}

## Files and the root.

FILE_MISSING = cannot find the file `{ $path }`
FILE_UNREADABLE = cannot read `{ $path }`: { $reason ->
        [directory] it is a directory
        [permission] permission denied
        [device] it is not a regular file
       *[other] { $reason }
    }
FILE_NOT_UTF8 = `{ $path }` is not UTF-8: the byte at offset { $offset } belongs to no character
    .label = not UTF-8
    .help = save the file in the encoding UTF-8
FILE_TOO_LARGE = `{ $path }` has { $size } bytes; a source file may have at most 4 GiB
CONFIG_MALFORMED = `morph.toml` cannot be read as TOML: { $reason }
    .label = here
    .note = nothing is built while the settings are in doubt
CONFIG_KEY_UNKNOWN = { $what ->
        [table] there is no table `{ $key }`
       *[key] there is no key `{ $key }` { $place ->
            [top] outside of the tables
           *[other] in `[{ $place }]`
        }
    }
    .label = unknown
    .note = there are { $known }
    .help-home = it stands in `[{ $home }]`
CONFIG_VALUE = { $reason ->
        [range] `{ $key }` is out of range: { $given }
       *[kind] `{ $key }` takes { $needed ->
            [number] a whole number
            [table] a table
           *[expression] an expression in quotes
        }, found { $given ->
            [string] a string
            [integer] a number
            [float] a number with a fraction
            [boolean] a truth value
            [datetime] a date
            [array] an array
           *[table] a table
        }
    }
    .label = { $reason ->
        [range] expected { $least } to { $most }
       *[kind] of the wrong kind
    }
    .help-number = it is a whole number from { $least } to { $most }
    .help-table = write `[{ $key }]` on a line of its own and the settings below it
    .help-expression = an expression such as `{ $example }` stands here; 1 is always, 0 is never
ENTRY_MISSING = the program has no entry point: it has neither a function `mulai` nor a top-level statement
    .help = add `fungsi mulai()` and `tutup_fungsi` around what the program should do
    .note = `morph check` accepts such a file as a library
ENTRY_PARAMETERS = `mulai` takes at most 2 parameters, found { $count }
    .label = expected `mulai()`, `mulai(argc)` or `mulai(argc, argv)`

## Lexing and parsing.

CHARACTER_UNEXPECTED = unexpected character `{ $found }`
    .label = nothing in the language begins with this
    .note = names consist of the letters a-z and A-Z, digits and `_`; other characters may stand in strings and comments only
TEXT_NUL = the text contains a NUL byte
    .label = a NUL byte
    .help = delete it; inside a string write `\0`
STRING_UNCLOSED = the string has no closing quote
    .label = expected `"` before the end of this line
    .note = a string ends on the line on which it begins; write a line break as `\n`
STRING_ESCAPE = unknown escape `{ $escape }` in a string
    .label = not an escape
    .help = write `\\` for a backslash itself
    .note = the escapes are `\\ \" \' \` \? \a \b \t \n \v \f \r \e`, octal `\0` to `\377`, `\xHH`, `\uHHHH` and `\UHHHHHHHH`
NUMBER_TOO_LARGE = the number `{ $text }` does not fit in 64 bits
    .label = larger than 18446744073709551615
NUMBER_MALFORMED = `{ $text }` is not a number
    .label = expected digits, `0x` and hexadecimal digits, or digits `.` digits
    .note = a name cannot begin with a digit
SYNTAX_UNEXPECTED = expected { expected-kind }, found { found-kind }
    .label = expected { expected-kind }
    .help-comment = comments begin with `;` or `#`
STATEMENT_UNKNOWN = this line is not a statement
    .label = begins no statement
    .note = a statement is a declaration, an assignment, a call or begins with a keyword
    .help-comment = comments begin with `;` or `#`
BLOCK_UNCLOSED = `{ $keyword }` is never closed
    .label = this block has no `{ $closer }`
    .mark-end = expected `{ $closer }` before this
    .help = add `{ $closer }`
BLOCK_MISMATCHED = expected `{ $expected }`, found `{ $found }`
    .label = does not close the innermost block
    .mark-opener = `{ $opener }` is opened here
    .help = close `{ $opener }` with `{ $expected }` first
CLOSER_STRAY = `{ $found }` closes nothing
    .label = no open block for this
    .help = delete it, or add the line that opens the block
DELIMITER_UNCLOSED = `{ $delimiter }` is never closed
    .label = its partner is missing
NESTING_TOO_DEEP = nested deeper than { $limit } levels
    .label = one level too deep
    .help = move the inner part to a function of its own
DEFINITION_NESTED = `{ $keyword }` inside another definition
    .label = definitions stand at file level only
    .mark-outer = this definition is still open
    .help = move it out, or close the outer definition before it
NAME_RESERVED = `{ $name }` is a reserved word
    .label = expected a name
    .help = choose another name, for example `{ $name }_`
AKHIR_DEPRECATED = `akhir` is the old way to close a block
    .label = expected `{ $closer }`
    .help = write `{ $closer }`
SWITCH_DEFAULT_PLACE = `pilihan_lain` must be the last case, and stand only once
    .label = more cases follow, or it stood before
    .mark-first = the first `pilihan_lain`
    .help = move `pilihan_lain` behind the last `kasus`
WORD_FOREIGN = `{ $word }` is not a word of the language
    .label = a word of another language
    .help = use `{ $proposal }`
OPERATOR_UNKNOWN = there is no operator `{ $op }`
    .label = unknown operator
    .help = write `x = x + 1` in full; in place of `? :` use `jika` and `lain`
LIBRARY_ONLY = only the built-in library may use this
    .label = not available in a program
    .help = put the code in a function with `asm_mulai` and `tutup_asm`

## Imports.

IMPORT_MISSING = cannot find the imported file `{ $path }`
    .label = no such file
    .note = looked in the project's roots, in the folder of this file and in the built-in library
IMPORT_OUTSIDE = the import `{ $path }` leaves the project and the library
    .label = outside every root
    .help = move the file into the project, or put `morph.toml` into a folder above both
ID_UNREGISTERED = no registry knows the ID { $id }
    .label = unregistered ID
    .help = register it with `Daftar "file" = { $id }`, or import the file with `ambil`
ID_MISSING = `{ $path }` has no block `### { $id }`
    .label = the registry names this file for { $id }
    .help = add the marker `### { $id }` to the file, or correct the registration
ID_SKIPPED = skipped the ID { $id }: there is no such block
    .label = a hole in this range
    .note = `{ $path }` has no marker `### { $id }`
ID_MALFORMED = `{ $text }` is not a list of IDs
    .label = expected numbers and ascending ranges, such as `310-316, 318`
ID_RANGE_TOO_LARGE = the range has { $count } IDs; at most { $limit } are allowed
    .label = too many IDs
REGISTRY_CONFLICT = the ID { $id } is registered for `{ $first }` and for `{ $second }`
    .label = this registration wins
    .help = remove one of the two
IMPORT_CYCLE = files import each other: { $chain }
    .label = closes the cycle
    .note = harmless: each file is taken once
NAME_IMPORTED = `{ $name }` was taken from `{ $path }`
    .label = not imported here
    .note-id = its ID is { $id }: `Ambil { $id }`
IMPORT_NEEDED = `{ $name }` is not imported
    .label = defined in `{ $path }`
    .help-id = add `Ambil { $id }`
    .help-file = add `ambil "{ $path }"`
    .note = `--strict-imports` is on

## Names and definitions.

NAME_UNKNOWN = unknown { name-kind } `{ $name }`
    .label = not found anywhere in the program or the library
NAME_AMBIGUOUS = `{ $name }` has more than one definition
    .label = which one is meant?
    .note = candidates: { $candidates }
    .help = import the one that is meant
DEFINITION_DUPLICATE = the { name-kind } `{ $name }` is defined twice
    .label = the second definition
    .mark-first = the first definition stays active
    .help = rename one, or delete it
VARIABLE_DUPLICATE = `{ $name }` is declared twice in one block
    .label = declared again
    .mark-first = first declared here
    .help = leave out `var` to assign a new value
PARAMETER_DUPLICATE = two parameters are named `{ $name }`
    .label = the second one
    .mark-first = the first one
FIELD_DUPLICATE = two fields of `{ $structure }` are named `{ $name }`
    .label = the second one
    .mark-first = the first one
LIBRARY_SHADOWED = `{ $name }` replaces the library's definition in this program
    .label = the program's definition
    .note = the library itself keeps calling its own
PRINT_UNREACHABLE = the function `{ $name }` is never called: `{ $name }(...)` is a statement of the language
    .label = cannot be reached
    .help = give the function another name
CONSTANT_ASSIGNED = cannot assign to the constant `{ $name }`
    .label = a constant keeps its value
    .mark-defined = defined as a constant here
    .help = declare it with `var` if it must change
CONSTANT_NOT_CONSTANT = the value of a constant must be known at compile time
    .label = known only when the program runs
    .help = use `var` instead of `const`
    .note-division = it divides by zero
CONSTANT_CYCLE = constants need each other: { $chain }
    .label = needs its own value
    .help = give one of them a value of its own
ASSIGN_TARGET = cannot assign to `{ $name }`
    .label = not a variable, an element or a field
    .mark-defined = defined here

## Types.

TYPE_UNKNOWN = { $what ->
    [type] there is no struct `{ $name }`
   *[value] the struct of `{ $name }` is not known
}
    .label = unknown struct
    .note-candidates = structs that would fit: { $candidates }
    .note-none = no struct has such a field
    .help-hint = say which one it is: `tipe { $name } S`
FIELD_UNKNOWN = the struct `{ $structure }` has no field `{ $field }`
    .label = unknown field
    .mark-defined = `{ $structure }` is defined here
    .note-fields = its fields are { $fields }
TYPE_GUESSED = the struct of this value is a guess: `{ $structure }`, because of its field `{ $field }`
    .label = at offset { $offset } in every struct that has it
    .help = make it certain with `tipe`
ARITY_MISMATCH = `{ $name }` expects { $expected ->
    [one] 1 argument
   *[other] { $expected } arguments
}, found { $found }
    .label = wrong number of arguments
    .mark-defined = defined here
CONSTRUCTOR_TOO_MANY = `{ $name }` has { $limit ->
    [one] 1 field
   *[other] { $limit } fields
}, found { $found } values
    .label = too many values
    .mark-defined = defined here
    .note = missing values are 0; there is no place for more
TYPE_MISMATCH = expected { type-kind }, found { type-found }
    .label = this is { type-found }
FLOAT_OPERATOR = `{ $op }` is not defined for floats
    .label = one side is a float
    .help = convert with `int(x)` first
FLOAT_AS_WORD = { $what ->
    [argument] the float travels to argument { $parameter } of `{ $name }` as its bits
    [field] the float is stored in the field `{ $parameter }` of `{ $name }` as its bits
    [element] the float is stored in an element of `{ $name }` as its bits
   *[parameter] the float travels to the parameter `{ $parameter }` of `{ $name }` as its bits
}
    .label = whoever reads these bits takes them for an integer
    .help-parameter = declare `tipe { $parameter } float` in the function, or pass `int(x)`
    .help-argument = pass `int(x)`, or read it back with `float_from_bits(w)`
    .help-field = declare the field as `{ $parameter } float`, or store `int(x)`
    .help-element = store `int(x)`, or read it back with `float_from_bits(w)`
STRING_OPERATOR = `{ $op }` is not defined for strings
    .label = one side is a string
    .help-concat = join strings with `str_concat(a, b)`
STRING_COMPARED_BY_ADDRESS = this compares the addresses of two strings, not their text
    .label = true only for one and the same string
    .help = compare the text with `str_eq(a, b)`
LOOP_OUTSIDE = `{ $word }` outside a loop
    .label = no `selama` or `untuk` around this
SHARDS_TOO_MANY = `paralel` with { $count } shards
    .label = at most { $limit } can start from the same memory
    .help = move some of them into a second `paralel` behind this one: they see what the first has done
RETURN_OUTSIDE = `{ $word }` outside a function
    .label = nothing to return from
    .help = move the statements into `fungsi mulai()`: what it returns is the exit status
CASE_DUPLICATE = `kasus { $value }` stands twice
    .label = never reached
    .mark-first = the first one runs
CODE_UNREACHABLE = this statement is never reached
    .label = unreachable
    .mark-leaves = the block is left here
ARRAY_LENGTH = an array cannot have the length { $length }
    .label = expected a number from 0 to 268435456
SAVE_UNCLOSED = this `simpan` saves nothing: no `kembalikan` closes it in the same block
    .label = never closed
    .help = add a bare `kembalikan` in the same block, or delete `simpan`
DIVISION_BY_ZERO = this divides by zero
    .label = always zero
    .note = at run time this is a fault of kind FPE

type-kind = { $expected-key ->
    [int] an integer
    [float] a float
    [string] a string
    [struct] a struct
    [function] a function
    [word] a word
   *[other] `{ $expected }`
}
type-found = { $found-key ->
    [int] an integer
    [float] a float
    [string] a string
    [struct] a struct
    [function] a function
    [word] a word
   *[other] `{ $found }`
}

## Inline assembly.

ASM_MNEMONIC = unknown instruction `{ $mnemonic }`
    .label = not an x86-64 instruction
ASM_OPERANDS = no instruction has the form `{ $instruction }`
    .label = wrong operands
ASM_SIZE = the operand size in `{ $instruction }` is not clear
    .label = how many bytes?
    .help = write `byte`, `word`, `dword` or `qword` before the memory operand
ASM_OPERAND_MALFORMED = cannot read the operands of `{ $text }`
    .label = expected a register, a number, a name or `[...]`
ASM_SYMBOL = nothing defines the name `{ $name }`
    .label = unknown in assembly
ASM_LABEL_DUPLICATE = the label `{ $name }` is defined twice in one function
    .label = the second definition
    .mark-first = the first definition
ASM_DIRECTIVE = cannot read the directive `{ $text }`
    .label = unknown or malformed
    .note = the directives are `db`, `dw`, `dd`, `dq`, `resb`, `resw`, `resd`, `resq`, `times`, `align` and `equ`
ASM_RANGE = { $value } does not fit in { $bits } bits
    .label = out of range
ASM_UNCLOSED = `{ $keyword }` is never closed
    .label = this block has no `{ $closer }`
    .help = add `{ $closer }` on a line of its own
ASM_VARIABLE_DECLARED = `[var_{ $name }]` declares the local variable `{ $name }`
    .label = not declared before
    .help = declare it with `var { $name } = 0` before the block
ASM_TARGET = this assembly is for x86_64, the target is `{ $target }`
    .label = cannot be assembled for this target
    .help = write it in Morph: functions such as `mem_load64` and `atomic_add` work on every target; or build with `--target x86_64-unknown-linux-gnu`

## Expressions outside of programs.

EXPRESSION_MALFORMED = { $reason ->
    [empty] the expression is empty
    [too-long] the expression is longer than { $limit } bytes
    [too-deep] more than { $limit } operators and parentheses wait for their right side
    [character] an expression has no `{ $text }`
    [number-large] the number `{ $text }` does not fit in 64 bits
    [number] `{ $text }` is not a number
    [float] `{ $text }` is not an integer
    [string] an expression has no texts
    [call] an expression has no calls
    [index] an expression has no arrays
    [field] names in an expression have no fields
    [assignment] an expression assigns nothing
    [operator] there is no operator `{ $text }`
    [word] the operator `{ $text }` is written as a sign
    [operand-missing] an operand is missing
    [operator-missing] an operator is missing between two operands
    [unclosed] this `(` is never closed
   *[unopened] this `)` closes nothing
}
    .label = { $reason ->
    [empty] expected a number or a name
    [too-long] the limit is reached here
    [too-deep] one level too many
    [character] unexpected
    [number-large] larger than 18446744073709551615
    [number] expected digits, or `0x` and hexadecimal digits
    [float] values are integers
    [string] values are integers
    [call] called here
    [index] values are integers
    [field] values are integers
    [assignment] not an operator here
    [operator] unknown operator
    [word] a word where an operator belongs
    [operand-missing] expected a number, a name, `(`, `!`, `~` or `-`
    [operator-missing] this begins a second operand
    [unclosed] its `)` is missing
   *[unopened] its `(` is missing
}
    .help = { $reason ->
    [empty] write a condition such as `crash_count < 3`
    [too-long] split it into several expressions
    [too-deep] split it into several expressions
    [character] remove it
    [number-large] write a smaller number
    [number] separate the number from the word behind it, or complete it
    [float] scale the value, for example to milliseconds
    [string] write a name or a number
    [call] give the result as a value with a name
    [index] give the element as a value with a name
    [field] give the field as a value with a name
    [assignment] compare with `==`
    [operator] write it out with the operators of the table in `morph explain EXPRESSION_MALFORMED`
    [word] write `&&` for and, `||` for or, `!` for not
    [operand-missing] complete the expression, or remove the operator
    [operator-missing] join them with an operator such as `&&`, or remove one
    [unclosed] add the `)`
   *[unopened] add the `(`, or remove this one
}
EXPRESSION_UNDEFINED = { $reason ->
    [name] nothing gives `{ $text }` a value
    [policy-name] the policy `{ $policy }` knows no `{ $text }`
    [division] this divides by zero
   *[remainder] this takes a remainder by zero
}
    .label = { $reason ->
    [name] unknown name
    [policy-name] unknown name
    [division] its right side is 0
   *[remainder] its right side is 0
}
    .note-names = the policy may use { $names }
    .help = { $reason ->
    [name] give it a value or correct the name
    [policy-name] correct the name
    [division] test the right side first: `n != 0 && m / n > 2`
   *[remainder] test the right side first: `n != 0 && m % n == 0`
}
    .help-nearest = did you mean `{ $nearest }`?

## What happens to a fragment, and Morph's own faults.

FRAGMENT_CLOSED = this needs `{ $name }`, which is closed
FUNCTION_TOO_LARGE = the function is too large to compile: { $count } values
    .label = too large
    .help = split it into smaller functions
COMPILER_CRASHED = the compiler crashed on this fragment: { $kind-key ->
        [stack-overflow] its stack overflowed
        [panic] it panicked
        [bad-reply] it gave no usable answer
       *[other] { $kind }
    }
    .label = isolated: Morph crashed in the phase `{ $phase }`
    .note = this is Morph's fault, not yours; { $cost ->
            [import] what this import brings in is missing, all else is unharmed
            [file] the file could not be cut into fragments, so all of it is closed; all other files are unharmed
           *[fragment] all other fragments are unharmed
        } (fault { $fault })
    .note-withheld = not tried again: it crashed in an earlier build, and its text, what it uses and the compiler are the same
    .note-withheld-breaker = not tried in this build: its file has crashed the compiler too often, so its breaker is OPEN; it is tested when the file changes or some time has passed
    .note-not-lowered = not tried with less optimisation: its file has crashed the compiler too often, so its breaker is OPEN
    .note-not-retried = not tried with less optimisation: the policy `retry_when` is against it
    .help = `morph replay { $bundle }`, in the project's folder, shows the crash again; change the fragment to have it tried again
COMPILER_EXHAUSTED = the compiler gave up on this fragment: { $kind-key ->
        [time] it needed more time than a fragment may have
        [memory] it needed more memory than a fragment may have
        [reply] its result is larger than a fragment may have
        [handouts] its worker was lost too often
        [workers] no sandbox could be started
       *[other] { $kind }
    }
    .label = isolated: given up in the phase `{ $phase }`
    .note = { $cost ->
            [import] what this import brings in is missing, all else is unharmed
            [file] the file could not be cut into fragments, so all of it is closed; all other files are unharmed
           *[fragment] all other fragments are unharmed
        } (fault { $fault })
    .note-withheld = not tried again: it was given up in an earlier build, and its text, what it uses and the compiler are the same
    .note-withheld-breaker = not tried in this build: its file has crashed the compiler too often, so its breaker is OPEN; it is tested when the file changes or some time has passed
    .note-not-lowered = not tried with less optimisation: its file has crashed the compiler too often, so its breaker is OPEN
    .note-not-retried = not tried with less optimisation: the policy `retry_when` is against it
    .help = `morph replay { $bundle }`, in the project's folder, shows it again; a smaller fragment, or a larger budget in `morph.toml`, helps
COMPILER_LOWERED = the compiler failed on this fragment with `--opt speed`: { $kind-key ->
        [stack-overflow] its stack overflowed
        [panic] it panicked
        [bad-reply] it gave no usable answer
        [time] it needed more time than a fragment may have
        [memory] it needed more memory than a fragment may have
        [reply] its result is larger than a fragment may have
       *[other] { $kind }
    }
    .label = compiled without optimisation: Morph failed in the phase `{ $phase }`
    .note = this is Morph's fault, not yours; the program is the same, only slower here (fault { $fault })
    .help = `morph replay { $bundle }`, in the project's folder, shows it again; change the fragment to have it tried again
COMPILER_FAULT = the compiler failed on this fragment: { $reason }
    .label = was being compiled
    .note = this is Morph's fault, not yours; all other fragments are unharmed
OUTPUT_FAILED = cannot write `{ $path }`: { $reason }

note-died = a sandbox died with { $site } in hand, in the phase `{ $phase }`: { $death }
note-recovered = a sandbox died with { $site } in hand, in the phase `{ $phase }`; it was tried again and nothing is lost: { $death }
note-idle = a sandbox died with nothing in hand: { $death }
note-bad-reply = a sandbox gave no usable answer about { $site }
note-bad-reply-recovered = a sandbox gave no usable answer about { $site }; it was tried again and nothing is lost
note-unit = all of { $unit }
note-not-started = a sandbox could not be started: { $reason }
note-quarantined = { $site } is in quarantine (fault { $fault })
note-breaker = breaker of { $unit }: { $text }
note-breaker-fault = breaker of { $unit }: { $text } (fault { $fault })
note-memory-unused = what was kept of earlier builds is not used: { $problem }
note-memory-unwritten = what later builds should know of this one could not be kept: { $problem }
note-reused = { $reused } fragments are as in an earlier build, { $made } were compiled
note-store-unused = a part of what was kept of earlier builds is made again: { $problem }
note-store-unwritten = what later builds could use again could not be kept: { $problem }
note-mismatch = what was kept of { $site } is not what comes out now: it was made again (please report this, with { $bundle })
note-log = the log of decisions is incomplete: { $problem }
note-resumed = { $fragments } fragments were finished by a build that was killed, and are taken from there
note-recovery = no recovery point could be made: { $problem }
note-bundle = the crash bundle of { $fault } could not be written: { $problem }

## While a build lasts, on a terminal.

progress-reading = reading
progress-compiling = compiling
progress-figures = { $units ->
        [one] 1 file
       *[other] { $units } files
    }, { $done }/{ $total } fragments, { $sandboxes ->
        [one] 1 sandbox
       *[other] { $sandboxes } sandboxes
    }{ $faults ->
        [0] {""}
        [one] , 1 fault
       *[other] , { $faults } faults
    }

## Commands.

run-elsewhere = error: an image for `{ $target }` does not run on this machine ({ $machine }): make it with `morph build --target { $target }`, and run it there or in an emulator such as `qemu-aarch64`

## Crash bundles: what `morph replay` says.

fault-kind = { $kind-key ->
    [panic] a panic
    [bad-reply] no usable answer
    [time] more time than a fragment may have
    [memory] more memory than a fragment may have
    [reply] a larger result than a fragment may have
    [stack-overflow] a stack overflow
    [handouts] a worker that was lost too often
   *[other] { $kind }
}
replay-bundle = crash bundle { $fault }: { $what } in the phase `{ $phase }` ({ $place })
replay-injected = the fault was injected on purpose
replay-compiler = it comes from another build of the compiler: { $compiler }
replay-cut = what the fragment uses did not all fit into the bundle
replay-reproduced = reproduced: { $what } in the phase `{ $phase }`
replay-other = not reproduced: { $what } in the phase `{ $phase }` instead (fault { $fault })
replay-gone = not reproduced: the compiler gets through it
replay-diagnosed = not reproduced: the compiler gets through it and finds { $errors ->
        [one] an error
       *[other] { $errors } errors
    }
replay-then = at that time it
replay-address = address
replay-instruction = instruction pointer
replay-backtrace = backtrace (some may be left over from earlier calls)
replay-unusable = error: `{ $folder }` is no crash bundle that can be replayed: { $reason }
replay-missing = error: there is no crash bundle `{ $bundle }`, neither here nor in `.morph/bundles` of this folder and those above it
replay-malformed = `bundle.json` is not what morph writes: { $problem }
replay-version = `bundle.json` is of version { $found }, and this morph reads version { $known }
replay-field = `{ $field }` in `bundle.json` has a value that it cannot have
replay-failed = error: there is no sandbox to replay it in: { $problem }
minimise-result = minimised: { $lines } of { $all-lines } lines, { $definitions } of { $all-definitions } definitions around them, after { $attempts } attempts
minimise-early = it might get smaller still: the search ended after its time
minimise-written = written to { $folder }
minimise-failed = error: the minimised bundle could not be written: { $problem }

## What a fire drill says.

drill-head = fire drill: { $faults } faults in { $fragments } fragments and { $units } units of { $file }, in { $builds } builds, seed { $seed }
drill-kind = fault
drill-phase = phase
drill-injected = injected
drill-survived = survived
drill-lost = lost
drill-equal = same image
drill-added = ms each
drill-bound = bound
drill-tail = of a phase: survived/injected. lost: fragments harmed though nothing was injected into them. same image: of transient faults, those
    after which the image had the same bytes. bound, in ms: a build without faults takes { $build }; a hang may take { $hang }, a sleep { $sleep }; each
    attempt counts once. closed by design, because they need the layout or value of what was injected into: { $dependants }
drill-held = all { $injected } faults survived
drill-broken = { $survived } of { $injected } faults survived; { $lost } fragments were lost, { $failures } checks failed
drill-again = again: { $command }
drill-image = a transient fault changed the image
drill-report = a transient fault changed what is reported
drill-not-struck = the fault at { $site } never struck
drill-not-closed = the fault at { $site } repeated, and its fragment is not closed
drill-lost-one = { $site } is lost though nothing was injected into it
drill-changed = { $site } came out differently though nothing that it depends on changed
drill-no-image = there is no image

## What `morph status`, `morph why` and `morph clean` say.

status-none = error: nothing is kept here yet: `morph build FILE` builds a program of this project, then there is something to tell
status-no-unit = error: no program of this project has a unit `{ $unit }`: `morph status` lists them
status-reset = { $unit }: { $count ->
        [0] nothing was remembered against it
        [1] one thing that was remembered against it is forgotten
       *[other] { $count } things that were remembered against it are forgotten
    }
status-age = { $unit ->
    [second] { $count ->
        [one] 1 second
       *[other] { $count } seconds
    }
    [minute] { $count ->
        [one] 1 minute
       *[other] { $count } minutes
    }
    [hour] { $count ->
        [one] 1 hour
       *[other] { $count } hours
    }
   *[day] { $count ->
        [one] 1 day
       *[other] { $count } days
    }
}
status-program = { $root } ({ $options }), compiled { $age } ago
status-unit = unit
status-state = state
status-fragments = fragments
status-closed = closed
status-breaker = breaker
status-is-active = active
status-is-degraded = degraded
status-is-isolated = isolated
status-is-testing = testing
status-quarantined = in quarantine ({ $kind }): not tried again until it, what it uses or the compiler changes
status-suspect = not tried while its unit's breaker is OPEN ({ $kind })
status-lowered = compiled without optimisation ({ $kind })
status-kept = kept: { $entries } results, { $mb } MB
why-unknown = error: the last build has no fragment `{ $name }`: write a name, `FILE:NAME` or `FILE:LINE`
why-made = { $site }: compiled in the last build, { $age } ago
why-reused = { $site }: not compiled in the last build, { $age } ago: nothing that it depends on had changed
why-earlier = it was compiled { $age } ago
why-new = there was no fragment of this name
why-text = its text changed
why-place = it stands in another place
why-meaning = what `{ $name }` means changed
why-compiler = the compiler changed
why-not-kept = nothing was kept of it
why-closed = it is closed: { $code } [{ $fault }]
why-isolated = its whole unit is isolated
clean-done = removed { $folder }: { $mb } MB
clean-nothing = nothing is kept here

## What `morph watch` says.

watch-built = { $ms } ms: { $made } compiled, { $reused } as before, { $closed } closed; waiting for a save
watch-back = { $name } works again
watch-no-image = there is no image; the program goes on as it was
watch-ended = the program ended with status { $status }
watch-killed = the program was ended: { $status }
watch-hot-replaced = replaced in the running program: { $names }
watch-hot-kept = the running program goes on with the former { $names }
watch-hot-anew = the program begins anew: { $why }
watch-hot-signature = parameters or result of `{ $name }` changed
watch-hot-structure = the struct `{ $name }` changed
watch-hot-constant = the constant `{ $name }` changed
watch-hot-global = the global `{ $name }` changed
watch-hot-data = the assembly or data at `{ $name }` changed
watch-hot-statement = what runs before all else changed: `{ $name }`
watch-hot-assembly = `{ $name }` has assembly in it
watch-hot-entry = `mulai` has begun already
watch-hot-units = which units can be entered changed
watch-hot-full = there is no room for more versions
watch-hot-missing = `{ $name }` is not part of it yet
watch-hot-parameters = `{ $name }` has more than 16 parameters
watch-hot-machine = error: `--hot` replaces functions of programs for x86_64 only
