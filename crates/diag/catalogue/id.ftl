### Pesan diagnostik dalam bahasa Indonesia. Kuncinya adalah nama-nama `Code`.
###
### `.label` berdiri di tanda utama, `.mark-x` di tanda kedua. `.help` dan `.note` selalu
### ditampilkan (bila argumennya ada); `.help-x` dan `.note-x` hanya bila diminta sebuah fase.
### Huruf kecil, tanpa titik, kode di antara tanda `. Argumen berupa daftar tiba sebagai "`a`, `b`".

## Kata-kata di sekitar diagnostik.

level-error = galat
level-warning = peringatan
level-note = catatan
level-help = saran
fix-title = tulis seperti ini
help-nearest = mungkin maksudnya `{ $nearest }`?

## Yang dikatakan sebuah build sesudah diagnostiknya.

loss-summary = terisolasi: { $closed } dari { $total } fragmen; { $working ->
        [0] tidak ada lagi yang tersisa
       *[other] { $working } lainnya tetap bekerja
    }
loss-statement = pernyataan tingkat atas
loss-import = impor yang gagal
loss-because = karena { $cause }
loss-reached = dicapai lewat { $path }
loss-unreached = tidak ada yang mencapainya
loss-startup = awal program
loss-skipped = tidak dijalankan
loss-entry = program dimulai dari sini
loss-crashed = ini kesalahan Morph, bukan kesalahan Anda: `morph replay { $bundle }` menunjukkannya
loss-crashed-only = ini kesalahan Morph, bukan kesalahan Anda
loss-exhausted-only = ia memerlukan lebih dari jatah satu fragmen
loss-exhausted = ia memerlukan lebih dari jatah satu fragmen: `morph replay { $bundle }` menunjukkannya

## Fakta yang datang sebagai kata dari kompilator.

expected-kind = { $expected-key ->
    [expression] ekspresi
    [name] nama
    [statement] pernyataan
    [call] pemanggilan
    [string] string
    [number] bilangan
    [end-of-line] akhir baris
    [end-of-file] akhir berkas
    [path-in-quotes] jalur di antara tanda kutip
    [block-number] nomor blok
    [definition] definisi
   *[other] { $expected }
}
found-kind = { $found-key ->
    [expression] ekspresi
    [name] nama
    [statement] pernyataan
    [call] pemanggilan
    [string] string
    [number] bilangan
    [end-of-line] akhir baris
    [end-of-file] akhir berkas
    [path-in-quotes] jalur di antara tanda kutip
    [block-number] nomor blok
    [definition] definisi
   *[other] { $found }
}
name-kind = { $kind-key ->
    [function] fungsi
    [variable] variabel
    [struct] struktur
    [constant] konstanta
    [global] variabel global
    [unit] blok unit
    [routine] rutin
    [parameter] parameter
    [field] field
   *[other] nama
}

## Berkas dan akar program.

FILE_MISSING = berkas `{ $path }` tidak ditemukan
FILE_UNREADABLE = berkas `{ $path }` tidak dapat dibaca: { $reason ->
        [directory] itu sebuah direktori
        [permission] tidak ada izin
        [device] itu bukan berkas biasa
       *[other] { $reason }
    }
FILE_NOT_UTF8 = `{ $path }` bukan UTF-8: byte pada posisi { $offset } tidak membentuk karakter
    .label = bukan UTF-8
    .help = simpan berkas ini dengan pengodean UTF-8
FILE_TOO_LARGE = ukuran `{ $path }` { $size } byte, sedangkan berkas sumber dibatasi 4 GiB
CONFIG_MALFORMED = `morph.toml` tidak dapat dibaca sebagai TOML: { $reason }
    .label = di sini
    .note = tidak ada yang dibangun selama pengaturannya diragukan
CONFIG_KEY_UNKNOWN = { $what ->
        [table] tidak ada tabel `{ $key }`
       *[key] tidak ada kunci `{ $key }` { $place ->
            [top] di luar tabel
           *[other] di `[{ $place }]`
        }
    }
    .label = tidak dikenal
    .note = yang ada: { $known }
    .help-home = tempatnya di `[{ $home }]`
CONFIG_VALUE = { $reason ->
        [range] `{ $key }` di luar batas: { $given }
       *[kind] `{ $key }` menerima { $needed ->
            [number] bilangan bulat
            [table] tabel
           *[expression] ekspresi di antara tanda kutip
        }, tetapi ditemukan { $given ->
            [string] string
            [integer] bilangan
            [float] bilangan pecahan
            [boolean] nilai kebenaran
            [datetime] tanggal
            [array] larik
           *[table] tabel
        }
    }
    .label = { $reason ->
        [range] seharusnya { $least } sampai { $most }
       *[kind] jenisnya salah
    }
    .help-number = nilainya bilangan bulat dari { $least } sampai { $most }
    .help-table = tulis `[{ $key }]` pada barisnya sendiri dan pengaturannya di bawahnya
    .help-expression = di sini berdiri ekspresi seperti `{ $example }`; 1 berarti selalu, 0 berarti tidak pernah
ENTRY_MISSING = program tidak punya titik masuk: tidak ada fungsi `mulai` maupun pernyataan di tingkat berkas
    .help = apit isi program dengan `fungsi mulai()` dan `tutup_fungsi`
    .note = `morph check` menerima berkas seperti ini sebagai pustaka
ENTRY_PARAMETERS = `mulai` menerima paling banyak 2 parameter, tetapi ditemukan { $count }
    .label = seharusnya `mulai()`, `mulai(argc)`, atau `mulai(argc, argv)`

## Leksikal dan sintaksis.

CHARACTER_UNEXPECTED = karakter `{ $found }` tidak dikenal di sini
    .label = tidak ada unsur bahasa yang diawali karakter ini
    .note = nama terdiri atas huruf a-z dan A-Z, angka, dan `_`; karakter lain hanya boleh ada di dalam string dan komentar
TEXT_NUL = teks memuat byte NUL
    .label = byte NUL
    .help = hapus byte itu; di dalam string tulis `\0`
STRING_UNCLOSED = string ini tidak punya tanda kutip penutup
    .label = seharusnya ada `"` sebelum akhir baris
    .note = string berakhir di baris tempat ia dimulai; tulis pergantian baris sebagai `\n`
STRING_ESCAPE = urutan pelolosan `{ $escape }` di dalam string tidak dikenal
    .label = bukan urutan pelolosan
    .help = tulis `\\` untuk garis miring terbalik itu sendiri
    .note = urutan yang ada: `\\ \" \' \` \? \a \b \t \n \v \f \r \e`, oktal `\0` sampai `\377`, `\xHH`, `\uHHHH`, dan `\UHHHHHHHH`
NUMBER_TOO_LARGE = bilangan `{ $text }` tidak muat dalam 64 bit
    .label = lebih besar dari 18446744073709551615
NUMBER_MALFORMED = `{ $text }` bukan bilangan
    .label = seharusnya angka, `0x` diikuti angka heksadesimal, atau angka `.` angka
    .note = nama tidak boleh diawali angka
SYNTAX_UNEXPECTED = seharusnya { expected-kind }, tetapi ditemukan { found-kind }
    .label = seharusnya { expected-kind }
    .help-comment = komentar diawali `;` atau `#`
STATEMENT_UNKNOWN = baris ini bukan pernyataan
    .label = tidak mengawali pernyataan apa pun
    .note = pernyataan berupa deklarasi, penugasan, pemanggilan, atau diawali kata kunci
    .help-comment = komentar diawali `;` atau `#`
BLOCK_UNCLOSED = `{ $keyword }` tidak pernah ditutup
    .label = blok ini tidak punya `{ $closer }`
    .mark-end = seharusnya ada `{ $closer }` sebelum ini
    .help = tambahkan `{ $closer }`
BLOCK_MISMATCHED = seharusnya `{ $expected }`, tetapi ditemukan `{ $found }`
    .label = tidak menutup blok terdalam
    .mark-opener = `{ $opener }` dibuka di sini
    .help = tutup `{ $opener }` dengan `{ $expected }` terlebih dahulu
CLOSER_STRAY = `{ $found }` tidak menutup apa pun
    .label = tidak ada blok terbuka untuk penutup ini
    .help = hapus penutup ini, atau tambahkan baris pembuka bloknya
DELIMITER_UNCLOSED = `{ $delimiter }` tidak pernah ditutup
    .label = pasangannya tidak ada
NESTING_TOO_DEEP = sarang lebih dalam dari { $limit } tingkat
    .label = kelebihan satu tingkat
    .help = pindahkan bagian dalam ke fungsi tersendiri
DEFINITION_NESTED = `{ $keyword }` berada di dalam definisi lain
    .label = definisi hanya boleh berada di tingkat berkas
    .mark-outer = definisi ini masih terbuka
    .help = pindahkan ke luar, atau tutup dahulu definisi yang melingkupinya
NAME_RESERVED = `{ $name }` adalah kata yang sudah dipakai bahasa
    .label = seharusnya sebuah nama
    .help = pilih nama lain, misalnya `{ $name }_`
AKHIR_DEPRECATED = `akhir` adalah cara lama untuk menutup blok
    .label = seharusnya `{ $closer }`
    .help = tulis `{ $closer }`
SWITCH_DEFAULT_PLACE = `pilihan_lain` harus menjadi cabang terakhir dan hanya boleh ada satu
    .label = masih ada cabang sesudahnya, atau sudah ada sebelumnya
    .mark-first = `pilihan_lain` yang pertama
    .help = pindahkan `pilihan_lain` ke belakang `kasus` terakhir
WORD_FOREIGN = `{ $word }` bukan kata dari bahasa ini
    .label = kata dari bahasa lain
    .help = gunakan `{ $proposal }`
OPERATOR_UNKNOWN = tidak ada operator `{ $op }`
    .label = operator tidak dikenal
    .help = tulis `x = x + 1` secara lengkap; sebagai ganti `? :` gunakan `jika` dan `lain`
LIBRARY_ONLY = hanya pustaka bawaan yang boleh memakai ini
    .label = tidak tersedia di dalam program
    .help = letakkan kodenya di dalam fungsi, di antara `asm_mulai` dan `tutup_asm`

## Impor.

IMPORT_MISSING = berkas yang diimpor, `{ $path }`, tidak ditemukan
    .label = tidak ada berkas ini
    .note = sudah dicari di akar proyek, di folder berkas ini, dan di pustaka bawaan
IMPORT_OUTSIDE = impor `{ $path }` menunjuk ke luar proyek dan pustaka
    .label = di luar semua akar
    .help = pindahkan berkasnya ke dalam proyek, atau letakkan `morph.toml` di folder yang melingkupi keduanya
ID_UNREGISTERED = ID { $id } tidak ada di registri mana pun
    .label = ID tidak terdaftar
    .help = daftarkan dengan `Daftar "berkas" = { $id }`, atau impor berkasnya dengan `ambil`
ID_MISSING = `{ $path }` tidak punya blok `### { $id }`
    .label = registri menunjuk berkas itu untuk { $id }
    .help = tambahkan penanda `### { $id }` ke berkas itu, atau perbaiki pendaftarannya
ID_SKIPPED = ID { $id } dilewati: blok itu tidak ada
    .label = lubang di dalam rentang ini
    .note = `{ $path }` tidak punya penanda `### { $id }`
ID_MALFORMED = `{ $text }` bukan daftar ID
    .label = seharusnya bilangan dan rentang menaik, seperti `310-316, 318`
ID_RANGE_TOO_LARGE = rentang ini memuat { $count } ID; batasnya { $limit }
    .label = terlalu banyak ID
REGISTRY_CONFLICT = ID { $id } didaftarkan untuk `{ $first }` dan juga untuk `{ $second }`
    .label = pendaftaran ini yang berlaku
    .help = hapus salah satunya
IMPORT_CYCLE = berkas-berkas ini saling mengimpor: { $chain }
    .label = menutup lingkaran
    .note = tidak berbahaya: setiap berkas diambil satu kali
NAME_IMPORTED = `{ $name }` diambil dari `{ $path }`
    .label = tidak diimpor di sini
    .note-id = ID-nya { $id }: `Ambil { $id }`
IMPORT_NEEDED = `{ $name }` belum diimpor
    .label = didefinisikan di `{ $path }`
    .help-id = tambahkan `Ambil { $id }`
    .help-file = tambahkan `ambil "{ $path }"`
    .note = `--strict-imports` sedang aktif

## Nama dan definisi.

NAME_UNKNOWN = { name-kind } `{ $name }` tidak dikenal
    .label = tidak ditemukan di program maupun di pustaka
NAME_AMBIGUOUS = `{ $name }` punya lebih dari satu definisi
    .label = yang mana yang dimaksud?
    .note = calonnya: { $candidates }
    .help = impor definisi yang dimaksud
DEFINITION_DUPLICATE = { name-kind } `{ $name }` didefinisikan dua kali
    .label = definisi kedua
    .mark-first = definisi pertama tetap berlaku
    .help = ganti nama salah satunya, atau hapus
VARIABLE_DUPLICATE = `{ $name }` dideklarasikan dua kali dalam satu blok
    .label = dideklarasikan lagi
    .mark-first = pertama kali dideklarasikan di sini
    .help = hilangkan `var` untuk memberinya nilai baru
PARAMETER_DUPLICATE = dua parameter bernama `{ $name }`
    .label = yang kedua
    .mark-first = yang pertama
FIELD_DUPLICATE = dua field pada `{ $structure }` bernama `{ $name }`
    .label = yang kedua
    .mark-first = yang pertama
LIBRARY_SHADOWED = `{ $name }` menggantikan definisi pustaka di dalam program ini
    .label = definisi milik program
    .note = pustaka sendiri tetap memanggil definisinya sendiri
PRINT_UNREACHABLE = fungsi `{ $name }` tidak pernah dipanggil: `{ $name }(...)` adalah pernyataan bahasa
    .label = tidak terjangkau
    .help = beri fungsi ini nama lain
CONSTANT_ASSIGNED = konstanta `{ $name }` tidak dapat diberi nilai baru
    .label = nilai konstanta tidak berubah
    .mark-defined = didefinisikan sebagai konstanta di sini
    .help = deklarasikan dengan `var` bila nilainya harus berubah
CONSTANT_NOT_CONSTANT = nilai konstanta harus diketahui pada waktu kompilasi
    .label = baru diketahui ketika program berjalan
    .help = gunakan `var`, bukan `const`
    .note-division = di dalamnya ada pembagian dengan nol
CONSTANT_CYCLE = konstanta-konstanta ini saling membutuhkan: { $chain }
    .label = membutuhkan nilainya sendiri
    .help = beri salah satunya nilai tersendiri
ASSIGN_TARGET = `{ $name }` tidak dapat diberi nilai
    .label = bukan variabel, elemen, atau field
    .mark-defined = didefinisikan di sini

## Tipe.

TYPE_UNKNOWN = { $what ->
    [type] tidak ada struktur `{ $name }`
   *[value] struktur dari `{ $name }` tidak diketahui
}
    .label = struktur tidak diketahui
    .note-candidates = struktur yang cocok: { $candidates }
    .note-none = tidak ada struktur dengan field seperti itu
    .help-hint = sebutkan strukturnya: `tipe { $name } S`
FIELD_UNKNOWN = struktur `{ $structure }` tidak punya field `{ $field }`
    .label = field tidak dikenal
    .mark-defined = `{ $structure }` didefinisikan di sini
    .note-fields = field-nya adalah { $fields }
TYPE_GUESSED = struktur dari nilai ini hanya tebakan: `{ $structure }`, karena field `{ $field }`
    .label = berada di posisi { $offset } pada setiap struktur yang memilikinya
    .help = pastikan dengan `tipe`
ARITY_MISMATCH = `{ $name }` membutuhkan { $expected } argumen, tetapi ditemukan { $found }
    .label = jumlah argumen tidak sesuai
    .mark-defined = didefinisikan di sini
CONSTRUCTOR_TOO_MANY = `{ $name }` punya { $limit } field, tetapi ditemukan { $found } nilai
    .label = nilainya terlalu banyak
    .mark-defined = didefinisikan di sini
    .note = nilai yang tidak ditulis menjadi 0; untuk nilai lebih tidak ada tempat
TYPE_MISMATCH = seharusnya { type-kind }, tetapi ditemukan { type-found }
    .label = ini { type-found }
FLOAT_OPERATOR = `{ $op }` tidak berlaku untuk float
    .label = salah satu sisinya float
    .help = ubah dahulu dengan `int(x)`
FLOAT_AS_WORD = { $what ->
    [argument] float ini sampai ke argumen { $parameter } dari `{ $name }` sebagai deretan bit
    [field] float ini disimpan di field `{ $parameter }` dari `{ $name }` sebagai deretan bit
    [element] float ini disimpan di sebuah elemen `{ $name }` sebagai deretan bit
   *[parameter] float ini sampai ke parameter `{ $parameter }` dari `{ $name }` sebagai deretan bit
}
    .label = siapa pun yang membaca bit-bit ini menganggapnya bilangan bulat
    .help-parameter = tulis `tipe { $parameter } float` di dalam fungsi itu, atau kirim `int(x)`
    .help-argument = kirim `int(x)`, atau baca kembali dengan `float_from_bits(w)`
    .help-field = deklarasikan field itu sebagai `{ $parameter } float`, atau simpan `int(x)`
    .help-element = simpan `int(x)`, atau baca kembali dengan `float_from_bits(w)`
STRING_OPERATOR = `{ $op }` tidak berlaku untuk string
    .label = salah satu sisinya string
    .help-concat = gabungkan string dengan `str_concat(a, b)`
STRING_COMPARED_BY_ADDRESS = ini membandingkan alamat dua string, bukan isinya
    .label = hanya benar untuk string yang persis sama tempatnya
    .help = bandingkan isinya dengan `str_eq(a, b)`
LOOP_OUTSIDE = `{ $word }` di luar perulangan
    .label = tidak ada `selama` atau `untuk` yang melingkupinya
SHARDS_TOO_MANY = `paralel` dengan { $count } shard
    .label = paling banyak { $limit } yang dapat dimulai dari memori yang sama
    .help = pindahkan sebagian ke `paralel` kedua sesudah ini: di sana hasil yang pertama terlihat
RETURN_OUTSIDE = `{ $word }` di luar fungsi
    .label = tidak ada fungsi yang bisa diakhiri
    .help = pindahkan pernyataannya ke dalam `fungsi mulai()`: nilai yang dikembalikannya menjadi status keluar
CASE_DUPLICATE = `kasus { $value }` ada dua kali
    .label = tidak pernah dijalankan
    .mark-first = yang pertama ini yang dijalankan
CODE_UNREACHABLE = pernyataan ini tidak pernah dijalankan
    .label = tidak terjangkau
    .mark-leaves = blok sudah ditinggalkan di sini
ARRAY_LENGTH = panjang larik tidak mungkin { $length }
    .label = seharusnya bilangan dari 0 sampai 268435456
SAVE_UNCLOSED = `simpan` ini tidak menyimpan apa pun: tidak ada `kembalikan` yang menutupnya di blok yang sama
    .label = tidak pernah ditutup
    .help = tambahkan `kembalikan` tanpa nilai di blok yang sama, atau hapus `simpan`
DIVISION_BY_ZERO = pembagian dengan nol
    .label = selalu nol
    .note = ketika dijalankan, ini menjadi kegagalan jenis FPE

type-kind = { $expected-key ->
    [int] bilangan bulat
    [float] float
    [string] string
    [struct] struktur
    [function] fungsi
    [word] word
   *[other] `{ $expected }`
}
type-found = { $found-key ->
    [int] bilangan bulat
    [float] float
    [string] string
    [struct] struktur
    [function] fungsi
    [word] word
   *[other] `{ $found }`
}

## Assembly sisipan.

ASM_MNEMONIC = instruksi `{ $mnemonic }` tidak dikenal
    .label = bukan instruksi x86-64
ASM_OPERANDS = tidak ada instruksi berbentuk `{ $instruction }`
    .label = operan tidak cocok
ASM_SIZE = ukuran operan di dalam `{ $instruction }` tidak jelas
    .label = berapa byte?
    .help = tulis `byte`, `word`, `dword`, atau `qword` di depan operan memori
ASM_OPERAND_MALFORMED = operan dari `{ $text }` tidak dapat dibaca
    .label = seharusnya register, bilangan, nama, atau `[...]`
ASM_SYMBOL = nama `{ $name }` tidak didefinisikan di mana pun
    .label = tidak dikenal di dalam assembly
ASM_LABEL_DUPLICATE = label `{ $name }` didefinisikan dua kali dalam satu fungsi
    .label = definisi kedua
    .mark-first = definisi pertama
ASM_DIRECTIVE = direktif `{ $text }` tidak dapat dibaca
    .label = tidak dikenal atau salah bentuk
    .note = direktif yang ada: `db`, `dw`, `dd`, `dq`, `resb`, `resw`, `resd`, `resq`, `times`, `align`, dan `equ`
ASM_RANGE = { $value } tidak muat dalam { $bits } bit
    .label = di luar jangkauan
ASM_UNCLOSED = `{ $keyword }` tidak pernah ditutup
    .label = blok ini tidak punya `{ $closer }`
    .help = tambahkan `{ $closer }` di baris tersendiri
ASM_VARIABLE_DECLARED = `[var_{ $name }]` mendeklarasikan variabel lokal `{ $name }`
    .label = belum dideklarasikan sebelumnya
    .help = deklarasikan dengan `var { $name } = 0` sebelum blok ini
ASM_TARGET = assembly ini untuk x86_64, sedangkan targetnya `{ $target }`
    .label = tidak dapat dirakit untuk target ini
    .help = tulislah dalam bahasa Morph: fungsi seperti `mem_load64` dan `atomic_add` berlaku di semua target; atau bangun dengan `--target x86_64-unknown-linux-gnu`

## Ekspresi di luar program.

EXPRESSION_MALFORMED = { $reason ->
    [empty] ekspresinya kosong
    [too-long] ekspresinya lebih panjang dari { $limit } byte
    [too-deep] lebih dari { $limit } operator dan tanda kurung menunggu sisi kanannya
    [character] ekspresi tidak mengenal `{ $text }`
    [number-large] bilangan `{ $text }` tidak muat dalam 64 bit
    [number] `{ $text }` bukan bilangan
    [float] `{ $text }` bukan bilangan bulat
    [string] ekspresi tidak mengenal teks
    [call] ekspresi tidak mengenal pemanggilan
    [index] ekspresi tidak mengenal larik
    [field] nama dalam ekspresi tidak punya field
    [assignment] ekspresi tidak mengisi apa pun
    [operator] tidak ada operator `{ $text }`
    [word] operator `{ $text }` ditulis dengan tanda
    [operand-missing] ada operand yang kurang
    [operator-missing] ada operator yang kurang di antara dua operand
    [unclosed] `(` ini tidak pernah ditutup
   *[unopened] `)` ini tidak menutup apa pun
}
    .label = { $reason ->
    [empty] di sini harus ada bilangan atau nama
    [too-long] batasnya tercapai di sini
    [too-deep] satu tingkat terlalu banyak
    [character] tidak terduga
    [number-large] lebih besar dari 18446744073709551615
    [number] di sini harus ada angka, atau `0x` dan angka heksadesimal
    [float] nilai adalah bilangan bulat
    [string] nilai adalah bilangan bulat
    [call] dipanggil di sini
    [index] nilai adalah bilangan bulat
    [field] nilai adalah bilangan bulat
    [assignment] bukan operator di sini
    [operator] operator tidak dikenal
    [word] kata di tempat operator
    [operand-missing] di sini harus ada bilangan, nama, `(`, `!`, `~` atau `-`
    [operator-missing] di sini mulai operand kedua
    [unclosed] `)`-nya tidak ada
   *[unopened] `(`-nya tidak ada
}
    .help = { $reason ->
    [empty] tulis syarat seperti `crash_count < 3`
    [too-long] pecah menjadi beberapa ekspresi
    [too-deep] pecah menjadi beberapa ekspresi
    [character] hapus
    [number-large] tulis bilangan yang lebih kecil
    [number] pisahkan bilangan dari kata di belakangnya, atau lengkapi
    [float] ubah satuannya, misalnya ke milidetik
    [string] tulis nama atau bilangan
    [call] berikan hasilnya sebagai nilai bernama
    [index] berikan elemennya sebagai nilai bernama
    [field] berikan field itu sebagai nilai bernama
    [assignment] bandingkan dengan `==`
    [operator] tulis dengan operator dari tabel di `morph explain EXPRESSION_MALFORMED`
    [word] tulis `&&` untuk dan, `||` untuk atau, `!` untuk bukan
    [operand-missing] lengkapi ekspresinya, atau hapus operatornya
    [operator-missing] gabungkan dengan operator seperti `&&`, atau hapus salah satu
    [unclosed] tambahkan `)`
   *[unopened] tambahkan `(`, atau hapus yang ini
}
EXPRESSION_UNDEFINED = { $reason ->
    [name] tidak ada yang memberi nilai pada `{ $text }`
    [policy-name] kebijakan `{ $policy }` tidak mengenal `{ $text }`
    [division] ini membagi dengan nol
   *[remainder] ini mengambil sisa bagi dengan nol
}
    .label = { $reason ->
    [name] nama tidak dikenal
    [policy-name] nama tidak dikenal
    [division] sisi kanannya 0
   *[remainder] sisi kanannya 0
}
    .note-names = kebijakan ini mengenal { $names }
    .help = { $reason ->
    [name] beri nilai atau perbaiki namanya
    [policy-name] perbaiki namanya
    [division] periksa dahulu sisi kanannya: `n != 0 && m / n > 2`
   *[remainder] periksa dahulu sisi kanannya: `n != 0 && m % n == 0`
}
    .help-nearest = apakah maksudnya `{ $nearest }`?

## Nasib sebuah fragmen, dan kesalahan Morph sendiri.

FRAGMENT_CLOSED = ini membutuhkan `{ $name }`, yang sedang ditutup
FUNCTION_TOO_LARGE = fungsi terlalu besar untuk dikompilasi: { $count } nilai
    .label = terlalu besar
    .help = pecah menjadi beberapa fungsi yang lebih kecil
COMPILER_CRASHED = kompilator ambruk pada fragmen ini: { $kind-key ->
        [stack-overflow] tumpukannya meluap
        [panic] ia panik
        [bad-reply] ia tidak memberi jawaban yang berguna
       *[other] { $kind }
    }
    .label = diisolasi: Morph ambruk pada fase `{ $phase }`
    .note = ini kesalahan Morph, bukan kesalahan Anda; { $cost ->
            [import] yang dibawa impor ini tidak ada, selebihnya tetap utuh
            [file] berkas ini tidak dapat dipotong menjadi fragmen, jadi seluruhnya ditutup; semua berkas lain tetap utuh
           *[fragment] semua fragmen lain tetap utuh
        } (gangguan { $fault })
    .note-withheld = tidak dicoba lagi: ia ambruk pada pembangunan sebelumnya, sedangkan teksnya, yang dipakainya, dan kompilatornya masih sama
    .note-withheld-breaker = tidak dicoba pada pembangunan ini: berkasnya terlalu sering membuat kompilator ambruk, jadi pemutusnya OPEN; ia diuji bila berkasnya berubah atau setelah beberapa waktu
    .note-not-lowered = tidak dicoba dengan optimisasi yang lebih rendah: berkasnya terlalu sering membuat kompilator ambruk, jadi pemutusnya OPEN
    .note-not-retried = tidak dicoba dengan optimisasi yang lebih rendah: kebijakan `retry_when` melarangnya
    .help = `morph replay { $bundle }`, di folder proyek, menunjukkannya sekali lagi; ubah fragmen ini agar dicoba lagi
COMPILER_EXHAUSTED = kompilator menyerah pada fragmen ini: { $kind-key ->
        [time] ia perlu waktu lebih banyak daripada jatah satu fragmen
        [memory] ia perlu memori lebih banyak daripada jatah satu fragmen
        [reply] hasilnya lebih besar daripada jatah satu fragmen
        [handouts] pekerjanya terlalu sering hilang
        [workers] tidak ada kotak pasir yang dapat dijalankan
       *[other] { $kind }
    }
    .label = diisolasi: menyerah pada fase `{ $phase }`
    .note = { $cost ->
            [import] yang dibawa impor ini tidak ada, selebihnya tetap utuh
            [file] berkas ini tidak dapat dipotong menjadi fragmen, jadi seluruhnya ditutup; semua berkas lain tetap utuh
           *[fragment] semua fragmen lain tetap utuh
        } (gangguan { $fault })
    .note-withheld = tidak dicoba lagi: kompilator menyerah padanya pada pembangunan sebelumnya, sedangkan teksnya, yang dipakainya, dan kompilatornya masih sama
    .note-withheld-breaker = tidak dicoba pada pembangunan ini: berkasnya terlalu sering membuat kompilator ambruk, jadi pemutusnya OPEN; ia diuji bila berkasnya berubah atau setelah beberapa waktu
    .note-not-lowered = tidak dicoba dengan optimisasi yang lebih rendah: berkasnya terlalu sering membuat kompilator ambruk, jadi pemutusnya OPEN
    .note-not-retried = tidak dicoba dengan optimisasi yang lebih rendah: kebijakan `retry_when` melarangnya
    .help = `morph replay { $bundle }`, di folder proyek, menunjukkannya sekali lagi; fragmen yang lebih kecil, atau jatah yang lebih besar di `morph.toml`, membantu
COMPILER_LOWERED = kompilator gagal pada fragmen ini dengan `--opt speed`: { $kind-key ->
        [stack-overflow] tumpukannya meluap
        [panic] ia panik
        [bad-reply] ia tidak memberi jawaban yang berguna
        [time] ia perlu waktu lebih banyak daripada jatah satu fragmen
        [memory] ia perlu memori lebih banyak daripada jatah satu fragmen
        [reply] hasilnya lebih besar daripada jatah satu fragmen
       *[other] { $kind }
    }
    .label = dikompilasi tanpa optimisasi: Morph gagal pada fase `{ $phase }`
    .note = ini kesalahan Morph, bukan kesalahan Anda; programnya sama, hanya lebih lambat di sini (gangguan { $fault })
    .help = `morph replay { $bundle }`, di folder proyek, menunjukkannya sekali lagi; ubah fragmen ini agar dicoba lagi
COMPILER_FAULT = kompilator gagal pada fragmen ini: { $reason }
    .label = sedang dikompilasi
    .note = ini kesalahan Morph, bukan kesalahan Anda; semua fragmen lain tetap utuh
OUTPUT_FAILED = `{ $path }` tidak dapat ditulis: { $reason }

note-died = sebuah kotak pasir mati saat mengerjakan { $site }, pada fase `{ $phase }`: { $death }
note-recovered = sebuah kotak pasir mati saat mengerjakan { $site }, pada fase `{ $phase }`; pekerjaannya dicoba lagi dan tidak ada yang hilang: { $death }
note-idle = sebuah kotak pasir mati saat tidak mengerjakan apa pun: { $death }
note-bad-reply = sebuah kotak pasir tidak memberi jawaban yang berguna tentang { $site }
note-bad-reply-recovered = sebuah kotak pasir tidak memberi jawaban yang berguna tentang { $site }; pekerjaannya dicoba lagi dan tidak ada yang hilang
note-unit = seluruh { $unit }
note-not-started = sebuah kotak pasir tidak dapat dijalankan: { $reason }
note-quarantined = { $site } dikarantina (gangguan { $fault })
note-breaker = pemutus { $unit }: { $text }
note-breaker-fault = pemutus { $unit }: { $text } (gangguan { $fault })
note-memory-unused = simpanan dari pembangunan sebelumnya tidak dipakai: { $problem }
note-memory-unwritten = simpanan untuk pembangunan berikutnya tidak dapat ditulis: { $problem }
note-reused = { $reused } fragmen sama seperti pada pembangunan sebelumnya, { $made } dikompilasi
note-store-unused = sebagian simpanan dari pembangunan sebelumnya dibuat ulang: { $problem }
note-store-unwritten = yang dapat dipakai lagi oleh pembangunan berikutnya tidak dapat disimpan: { $problem }
note-mismatch = simpanan dari { $site } bukan yang keluar sekarang: ia dibuat ulang (mohon laporkan, bersama { $bundle })
note-log = log keputusan tidak lengkap: { $problem }
note-resumed = { $fragments } fragmen sudah diselesaikan oleh pembangunan yang dihentikan paksa, dan diambil dari sana
note-recovery = titik pemulihan tidak dapat dibuat: { $problem }
note-bundle = bundel keambrukan { $fault } tidak dapat ditulis: { $problem }

## Selama pembangunan berjalan, di terminal.

progress-reading = membaca
progress-compiling = mengompilasi
progress-figures = { $units ->
        [one] 1 berkas
       *[other] { $units } berkas
    }, { $done }/{ $total } fragmen, { $sandboxes ->
        [one] 1 kotak pasir
       *[other] { $sandboxes } kotak pasir
    }{ $faults ->
        [0] {""}
        [one] , 1 gangguan
       *[other] , { $faults } gangguan
    }

## Perintah.

run-elsewhere = galat: citra untuk `{ $target }` tidak berjalan di mesin ini ({ $machine }): buatlah dengan `morph build --target { $target }`, lalu jalankan di mesin itu atau dalam emulator seperti `qemu-aarch64`

## Bundel keambrukan: yang dikatakan `morph replay`.

fault-kind = { $kind-key ->
    [panic] panik
    [bad-reply] tanpa jawaban yang berguna
    [time] waktu melebihi jatah satu fragmen
    [memory] memori melebihi jatah satu fragmen
    [reply] hasil melebihi jatah satu fragmen
    [stack-overflow] tumpukan yang meluap
    [handouts] pekerja yang terlalu sering hilang
   *[other] { $kind }
}
replay-bundle = bundel keambrukan { $fault }: { $what } pada fase `{ $phase }` ({ $place })
replay-injected = gangguannya disuntikkan dengan sengaja
replay-compiler = ia berasal dari kompilator lain: { $compiler }
replay-cut = yang dipakai fragmen itu tidak semuanya muat dalam bundel
replay-reproduced = terulang: { $what } pada fase `{ $phase }`
replay-other = tidak terulang: { $what } pada fase `{ $phase }` sebagai gantinya (gangguan { $fault })
replay-gone = tidak terulang: kompilator menyelesaikannya
replay-diagnosed = tidak terulang: kompilator menyelesaikannya dan menemukan { $errors ->
        [one] satu galat
       *[other] { $errors } galat
    }
replay-then = waktu itu ia
replay-address = alamat
replay-instruction = penunjuk instruksi
replay-backtrace = jejak panggilan (sebagian mungkin sisa panggilan terdahulu)
replay-unusable = galat: `{ $folder }` bukan bundel keambrukan yang dapat diputar ulang: { $reason }
replay-missing = galat: tidak ada bundel keambrukan `{ $bundle }`, baik di sini maupun di `.morph/bundles` dari folder ini dan folder-folder di atasnya
replay-malformed = `bundle.json` bukan seperti yang ditulis morph: { $problem }
replay-version = `bundle.json` berversi { $found }, sedangkan morph ini membaca versi { $known }
replay-field = `{ $field }` dalam `bundle.json` bernilai yang tidak mungkin
replay-failed = galat: tidak ada kotak pasir untuk memutarnya ulang: { $problem }
minimise-result = diperkecil: { $lines } dari { $all-lines } baris, { $definitions } dari { $all-definitions } definisi di sekitarnya, setelah { $attempts } percobaan
minimise-early = mungkin masih dapat lebih kecil: pencarian berakhir setelah waktunya habis
minimise-written = ditulis ke { $folder }
minimise-failed = galat: bundel yang diperkecil tidak dapat ditulis: { $problem }

## Yang dikatakan sebuah latihan kebakaran.

drill-head = latihan kebakaran: { $faults } gangguan pada { $fragments } fragmen dan { $units } unit dari { $file }, dalam { $builds } pembangunan, benih { $seed }
drill-kind = gangguan
drill-phase = fase
drill-injected = disuntikkan
drill-survived = selamat
drill-lost = hilang
drill-equal = citra sama
drill-added = md tiap
drill-bound = batas
drill-tail = pada tiap fase: selamat/disuntikkan. hilang: fragmen yang rusak padahal tidak disuntik apa pun. citra sama: dari gangguan sesaat, yang
    sesudahnya citra tetap sama bita demi bita. batas, dalam md: pembangunan tanpa gangguan perlu { $build }; macet boleh { $hang }, tidur { $sleep }; tiap
    percobaan dihitung sekali. ditutup sesuai rancangan, karena memerlukan tata letak atau nilai dari yang disuntik: { $dependants }
drill-held = semua { $injected } gangguan selamat
drill-broken = { $survived } dari { $injected } gangguan selamat; { $lost } fragmen hilang, { $failures } pemeriksaan gagal
drill-again = ulangi: { $command }
drill-image = sebuah gangguan sesaat mengubah citra
drill-report = sebuah gangguan sesaat mengubah laporan
drill-not-struck = gangguan pada { $site } tidak pernah terjadi
drill-not-closed = gangguan pada { $site } berulang, dan fragmennya tidak ditutup
drill-lost-one = { $site } hilang padahal tidak disuntik apa pun
drill-changed = { $site } berubah padahal semua yang diperlukannya tetap
drill-no-image = tidak ada citra

## Yang dikatakan `morph status`, `morph why`, dan `morph clean`.

status-none = galat: belum ada yang disimpan di sini: `morph build BERKAS` membangun program proyek ini, setelah itu ada yang dapat diceritakan
status-no-unit = galat: tidak ada program di proyek ini yang memiliki unit `{ $unit }`: `morph status` menyebutkan semuanya
status-reset = { $unit }: { $count ->
        [0] tidak ada catatan tentangnya
       *[other] { $count } catatan tentangnya dilupakan
    }
status-age = { $unit ->
    [second] { $count } detik
    [minute] { $count } menit
    [hour] { $count } jam
   *[day] { $count } hari
}
status-program = { $root } ({ $options }), dikompilasi { $age } yang lalu
status-unit = unit
status-state = keadaan
status-fragments = fragmen
status-closed = tertutup
status-breaker = pemutus
status-is-active = aktif
status-is-degraded = terganggu
status-is-isolated = terisolasi
status-is-testing = diuji
status-quarantined = dikarantina ({ $kind }): tidak dicoba lagi sampai ia, yang dipakainya, atau kompilatornya berubah
status-suspect = tidak dicoba selama pemutus unitnya OPEN ({ $kind })
status-lowered = dikompilasi tanpa optimisasi ({ $kind })
status-kept = disimpan: { $entries } hasil, { $mb } MB
why-unknown = galat: pembangunan terakhir tidak memiliki fragmen `{ $name }`: tulislah nama, `BERKAS:NAMA`, atau `BERKAS:BARIS`
why-made = { $site }: dikompilasi pada pembangunan terakhir, { $age } yang lalu
why-reused = { $site }: tidak dikompilasi pada pembangunan terakhir, { $age } yang lalu: tidak ada yang berubah dari hal-hal yang memengaruhinya
why-earlier = ia dikompilasi { $age } yang lalu
why-new = belum ada fragmen dengan nama ini
why-text = teksnya berubah
why-place = letaknya berubah
why-meaning = arti `{ $name }` berubah
why-compiler = kompilatornya berubah
why-not-kept = tidak ada yang disimpan darinya
why-closed = ia tertutup: { $code } [{ $fault }]
why-isolated = seluruh unitnya terisolasi
clean-done = { $folder } dihapus: { $mb } MB
clean-nothing = tidak ada yang disimpan di sini

## Yang dikatakan `morph watch`.

watch-built = { $ms } md: { $made } dikompilasi, { $reused } seperti semula, { $closed } tertutup; menunggu penyimpanan
watch-back = { $name } berfungsi lagi
watch-no-image = tidak ada citra; program berlanjut seperti semula
watch-ended = program berakhir dengan status { $status }
watch-killed = program dihentikan: { $status }
watch-hot-replaced = diganti dalam program yang berjalan: { $names }
watch-hot-kept = program yang berjalan tetap memakai { $names } yang lama
watch-hot-anew = program dimulai lagi: { $why }
watch-hot-signature = parameter atau hasil `{ $name }` berubah
watch-hot-structure = struktur `{ $name }` berubah
watch-hot-constant = konstanta `{ $name }` berubah
watch-hot-global = variabel global `{ $name }` berubah
watch-hot-data = assembly atau data di `{ $name }` berubah
watch-hot-statement = yang berjalan paling awal berubah: `{ $name }`
watch-hot-assembly = `{ $name }` berisi assembly
watch-hot-entry = `mulai` sudah berjalan
watch-hot-units = satuan yang boleh dimasuki berubah
watch-hot-full = tidak ada tempat lagi untuk versi baru
watch-hot-missing = `{ $name }` belum menjadi bagiannya
watch-hot-parameters = `{ $name }` memiliki lebih dari 16 parameter
watch-hot-machine = galat: `--hot` hanya mengganti fungsi program untuk x86_64
