/* SPDX-License-Identifier: MIT */
/*
 * tfhers/schema.h -- a small language of tables: what a type of TFHE-rs looks like in bytes and as a C struct.
 *
 * Bytes are bincode: little-endian, fixed width, nothing aligned.  A versioned type has one or more u32 version
 * words in front; wrappers that add nothing but their version word are folded into the type they wrap, so one table
 * entry may carry several words.
 *
 *   kind                bytes                                   C
 *   U32 U64 U128        the integer                             uint32_t uint64_t u128
 *   I8 F64 BOOL         the value; a bool is 0 or 1             int8_t double bool
 *   BYTES               u64 count, bytes                        slice, borrowed
 *   WORDS               u64 count, words of `word` bytes        slice, borrowed, any alignment; never printed
 *   STRUCT              the fields in order                     a struct
 *   ENUM                u32 variant, its payload                a struct that begins with uint32_t variant
 *   VERSIONS            one of several version words, and       a struct that begins with uint32_t version
 *                       the body of that version
 *   VEC                 u64 count, elements                     schema_vec (or a struct of the same two fields)
 *   SPECTRA             u64 2 + polynomials, N, polynomials;    schema_spectra, borrowed; never printed
 *                       each: u64 N/2, N/2 complex numbers
 *   REFUSED             what exists but has no meaning here     nothing
 *
 * A field may be an Option: one byte 0 or 1 before it, and a bool beside it in the struct.
 *
 * A table only names tables before it, so the depth of a value is bounded by the text of the tables.  Four
 * interpreters walk them: reader, writer, printer and comparer, a file each.
 */
#ifndef ARCA_TFHERS_SCHEMA_H
#define ARCA_TFHERS_SCHEMA_H

#include "base/base.h"

typedef enum schema_kind {
	SCHEMA_U32, SCHEMA_U64, SCHEMA_U128, SCHEMA_I8, SCHEMA_F64, SCHEMA_BOOL, SCHEMA_BYTES, SCHEMA_WORDS,
	SCHEMA_STRUCT, SCHEMA_ENUM, SCHEMA_VERSIONS, SCHEMA_VEC, SCHEMA_SPECTRA,
	SCHEMA_REFUSED
} schema_kind;

enum { SCHEMA_VERSION_WORDS = 4 };

typedef struct schema schema;

/* A field of a struct, a variant of an enum or a version of several. */
typedef struct schema_member {
	const char   *name;
	const schema *type;              /* NULL: a variant without payload              */
	size_t        at, size;          /* where in the C struct; sizeof, checked in tests */
	bool          optional;
	size_t        some;              /* optional: where the bool is                  */
	uint32_t      version;           /* VERSIONS: its word                           */
} schema_member;

struct schema {
	schema_kind kind;
	size_t      size;                /* of the C type                                */
	unsigned    versions;            /* version words in front                       */
	uint32_t    version[SCHEMA_VERSION_WORDS];
	size_t      word, exactly;       /* WORDS: bytes of one; required count, 0: any  */
	const schema *of;                /* VEC                                          */
	const schema_member *member;     /* STRUCT, ENUM (by variant), VERSIONS          */
	size_t      members;
};

typedef struct schema_vec { size_t n; void *p; } schema_vec;

/* Fourier forms of polynomials, each with its head: schema_spectrum(N) bytes. */
enum { SCHEMA_SPECTRUM_MIN = 4, SCHEMA_SPECTRUM_MAX = 1 << 16 };         /* N, a power of two */
typedef struct schema_spectra { uint64_t N; slice polynomials; } schema_spectra;
static inline size_t schema_spectrum(uint64_t N) { return 8 + 8 * (size_t)N; }

/* ---- how tables are written ---------------------------------------------------------------------------------- */

#define SCHEMA_PREFIX_(...) .versions = COUNT(((uint32_t[]){ __VA_ARGS__ })), .version = { __VA_ARGS__ }

/* VERSION(0, 1): two version words in front, first 0, then 1. */
#define VERSION(...) SCHEMA_PREFIX_(__VA_ARGS__)
#define MEMBERS(table) .member = (table), .members = COUNT(table)

#define FIELD(in, field, table) { .name = #field, .type = &(table), .at = offsetof(in, field), .size = sizeof(((in *)0)->field) }
#define OPTION(in, field, table) { .name = #field, .type = &(table), .at = offsetof(in, field), \
	.size = sizeof(((in *)0)->field), .optional = true, .some = offsetof(in, has_##field) }
#define VARIANT(label, in, field, table) { .name = label, .type = &(table), .at = offsetof(in, field), \
	.size = sizeof(((in *)0)->field) }
/* The payload's fields are the enum's own struct. */
#define FLAT_VARIANT(label, in, table) { .name = label, .type = &(table), .size = sizeof(in) }
#define UNIT_VARIANT(label) { .name = label }
#define REFUSED_VARIANT(label) { .name = label, .type = &SCHEMA_NONE }
#define BODY(number, in, field, table) { .name = "v" #number, .type = &(table), .at = offsetof(in, field), \
	.size = sizeof(((in *)0)->field), .version = (number) }

extern const schema SCHEMA_NONE;

/* ---- the interpreters ---------------------------------------------------------------------------------------- */

/*
 * Reads a value of `type` from r into *out (type->size bytes).  Slices borrow from r, elements of VECs go to the arena
 * after their count was compared with the bytes that are left.  ERR_REQUEST names what, the field, the offset and what
 * was expected there.
 */
err  schema_read(void *out, arena *a, reader *r, const schema *type, const char *what);

/* Appends the bytes of *value.  Requires: variants and versions that the table has. */
void schema_write(buf *out, const schema *type, const void *value);

/* The number of bytes that schema_write appends. */
size_t schema_length(const schema *type, const void *value);

/* Where, from the first of these bytes, the words of a member begin: `words` is its slice inside *value. */
size_t schema_place(const schema *type, const void *value, const slice *words);

/* The same bytes at `out`, except that words are left out: their places stay as they are. */
void schema_write_around(uint8_t *out, const schema *type, const void *value);

/*
 * One line a field: offset (from `offset` on), length, path, kind, value.  Words are counted, never shown: they are
 * keys and ciphertexts.  Bytes (tags, seeds of masks) are shown.
 */
void schema_print(buf *out, const schema *type, const void *value, size_t offset);

/* Whether two values have the same bytes.  Words that lie at the same address are not looked at. */
bool schema_same(const schema *type, const void *a, const void *b);

/*
 * ERR_REQUEST with the first field in which `got` is not what was wanted: "<what>, <field> at byte <n>: <this>, but
 * <whose> has <that>".  offset: where the value stands in its file.
 */
err  schema_expect(const schema *type, const void *got, const void *want, size_t offset, const char *what, const char *whose);

/* The least number of bytes that a value takes; of a scalar, the number without version words. */
size_t schema_least(const schema *type);
size_t schema_scalar(schema_kind kind);

#endif
