/* SPDX-License-Identifier: MIT */
/* tfhers/schema_write.c -- structs to bytes, by table; how long they will be, and where in them the words; how long they are at least. */
#include "tfhers/schema.h"

size_t schema_scalar(schema_kind kind)
{
	return kind == SCHEMA_U128 ? 16 : kind == SCHEMA_U64 || kind == SCHEMA_F64 ? 8 : kind == SCHEMA_U32 ? 4 : 1;
}

static const schema_member *body_of(const schema *type, const void *value)
{
	uint32_t v = *(const uint32_t *)value;

	if (type->kind == SCHEMA_ENUM) {
		ASSERT(v < type->members && type->member[v].type != &SCHEMA_NONE);
		return &type->member[v];
	}
	for (size_t i = 0; i < type->members; i++)
		if (type->member[i].version == v) return &type->member[i];
	assert_failed("a version that the table has", __FILE__, __LINE__);
}

/* Appends to *out, or writes at `around` all but words, or only counts if both are NULL. */
typedef struct sink {
	buf     *out;
	uint8_t *around;
	size_t   n;
	const slice *sought;             /* of these words, the place is wanted */
	size_t   place;
} sink;

static void put(sink *s, slice bytes)
{
	if (s->out) buf_put_slice(s->out, bytes);
	if (s->around && bytes.n) memcpy(s->around + s->n, bytes.p, bytes.n);
	s->n += bytes.n;
}

static void put_words(sink *s, const slice *words)
{
	if (words == s->sought) s->place = s->n;
	if (s->around) s->n += words->n;
	else put(s, *words);
}

static void put_u32(sink *s, uint32_t x)
{
	uint8_t b[4];
	store32(b, x);
	put(s, slice_of(b, sizeof b));
}

static void put_u64(sink *s, uint64_t x)
{
	uint8_t b[8];
	store64(b, x);
	put(s, slice_of(b, sizeof b));
}

static void put_scalar(sink *s, schema_kind kind, const void *value)
{
	uint8_t b[16];

	if (kind == SCHEMA_U32) {
		store32(b, *(const uint32_t *)value);
	} else if (kind == SCHEMA_U64 || kind == SCHEMA_F64) {
		uint64_t bits;
		memcpy(&bits, value, sizeof bits);
		store64(b, bits);
	} else if (kind == SCHEMA_U128) {
		store128(b, *(const u128 *)value);
	} else {
		b[0] = *(const uint8_t *)value;
	}
	put(s, slice_of(b, schema_scalar(kind)));
}

static void put_spectra(sink *s, const schema_spectra *x)
{
	const size_t n = x->polynomials.n / schema_spectrum(x->N);

	ASSERT(x->polynomials.n % schema_spectrum(x->N) == 0);
	put_u64(s, n + 2);
	put_u64(s, x->N);
	put_u64(s, n);
	put_words(s, &x->polynomials);
}

static void put_any(sink *s, const schema *type, const void *value);

static void put_member(sink *s, const schema_member *m, const void *value)
{
	if (m->optional) {
		bool some = *(const bool *)((const uint8_t *)value + m->some);
		put(s, slice_of(&(uint8_t){ some }, 1));
		if (!some) return;
	}
	if (m->type) put_any(s, m->type, (const uint8_t *)value + m->at);
}

static void put_any(sink *s, const schema *type, const void *value)
{
	for (unsigned i = 0; i < type->versions; i++) put_u32(s, type->version[i]);
	switch (type->kind) {
	case SCHEMA_U32: case SCHEMA_U64: case SCHEMA_U128: case SCHEMA_I8: case SCHEMA_F64: case SCHEMA_BOOL:
		put_scalar(s, type->kind, value);
		break;
	case SCHEMA_BYTES: case SCHEMA_WORDS: {
		const slice *words = value;
		size_t unit = type->kind == SCHEMA_BYTES ? 1 : type->word;
		ASSERT(words->n % unit == 0 && (!type->exactly || words->n == type->exactly * unit));
		put_u64(s, words->n / unit);
		if (type->kind == SCHEMA_BYTES) put(s, *words);
		else put_words(s, words);
		break;
	}
	case SCHEMA_STRUCT:
		for (size_t i = 0; i < type->members; i++) put_member(s, &type->member[i], value);
		break;
	case SCHEMA_ENUM: case SCHEMA_VERSIONS:
		put_u32(s, *(const uint32_t *)value);
		put_member(s, body_of(type, value), value);
		break;
	case SCHEMA_VEC: {
		const schema_vec *vec = value;
		put_u64(s, vec->n);
		for (size_t i = 0; i < vec->n; i++) put_any(s, type->of, (const uint8_t *)vec->p + i * type->of->size);
		break;
	}
	case SCHEMA_SPECTRA:
		put_spectra(s, value);
		break;
	case SCHEMA_REFUSED:
		assert_failed("nothing writes what is refused", __FILE__, __LINE__);
	}
}

size_t schema_length(const schema *type, const void *value)
{
	sink s = { 0 };
	put_any(&s, type, value);
	return s.n;
}

size_t schema_place(const schema *type, const void *value, const slice *words)
{
	sink s = { .sought = words, .place = SIZE_MAX };
	put_any(&s, type, value);
	ASSERT(s.place != SIZE_MAX);
	return s.place;
}

void schema_write_around(uint8_t *out, const schema *type, const void *value)
{
	sink s = { .around = out };
	put_any(&s, type, value);
}

void schema_write(buf *out, const schema *type, const void *value)
{
	buf_reserve(out, schema_length(type, value));
	sink s = { .out = out };
	put_any(&s, type, value);
}

/* The shortest variant or version; a member that is refused counts as nothing. */
static size_t least_choice(const schema *type)
{
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < type->members; i++) {
		const schema *body = type->member[i].type;
		if (body == &SCHEMA_NONE) continue;
		least = size_min(least, body ? schema_least(body) : 0);
	}
	return 4 + (least == SIZE_MAX ? 0 : least);
}

size_t schema_least(const schema *type)
{
	size_t n = 4u * type->versions;

	switch (type->kind) {
	case SCHEMA_U32: case SCHEMA_U64: case SCHEMA_U128: case SCHEMA_I8: case SCHEMA_F64: case SCHEMA_BOOL:
		return n + schema_scalar(type->kind);
	case SCHEMA_BYTES: case SCHEMA_WORDS: case SCHEMA_VEC:
		return n + 8 + type->exactly * type->word;
	case SCHEMA_SPECTRA:
		return n + 24;
	case SCHEMA_STRUCT:
		for (size_t i = 0; i < type->members; i++)
			n += type->member[i].optional ? 1 : schema_least(type->member[i].type);
		return n;
	case SCHEMA_ENUM: case SCHEMA_VERSIONS:
		return n + least_choice(type);
	case SCHEMA_REFUSED:
		break;
	}
	return n;
}
