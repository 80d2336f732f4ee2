/* SPDX-License-Identifier: MIT */
/* tfhers/schema_compare.c -- two values of a table, field by field; where and how they first differ. */
#include "tfhers/schema.h"
#include "tfhers/schema_path.h"

enum { VALUE_TEXT = 40 };

/* Where the walk stands in the bytes of `got`, and what it found. */
typedef struct comparison {
	size_t at;
	schema_path path;
	char got[VALUE_TEXT], want[VALUE_TEXT];
} comparison;

static bool differ(comparison *c, const schema_step *s)
{
	c->path = schema_path_of(s);
	return false;
}

static void number_text(char out[static VALUE_TEXT], u128 x)
{
	if (x >> 64) snprintf(out, VALUE_TEXT, "0x%llx%016llx", (unsigned long long)(x >> 64), (unsigned long long)x);
	else snprintf(out, VALUE_TEXT, "%llu", (unsigned long long)x);
}

static bool same_number(comparison *c, const schema_step *s, u128 got, u128 want)
{
	if (got == want) return true;
	number_text(c->got, got);
	number_text(c->want, want);
	return differ(c, s);
}

static u128 integer_of(schema_kind kind, const void *value)
{
	switch (kind) {
	case SCHEMA_U32:  return *(const uint32_t *)value;
	case SCHEMA_U64:  return *(const uint64_t *)value;
	case SCHEMA_U128: return *(const u128 *)value;
	case SCHEMA_I8: case SCHEMA_BOOL: return *(const uint8_t *)value;
	case SCHEMA_F64: case SCHEMA_BYTES: case SCHEMA_WORDS: case SCHEMA_STRUCT: case SCHEMA_ENUM: case SCHEMA_VERSIONS:
	case SCHEMA_VEC: case SCHEMA_SPECTRA: case SCHEMA_REFUSED: break;
	}
	assert_failed("a kind of integer", __FILE__, __LINE__);
}

static bool same_double(comparison *c, const schema_step *s, const void *got, const void *want)
{
	double a, b;

	memcpy(&a, got, sizeof a);
	memcpy(&b, want, sizeof b);
	if (memcmp(&a, &b, sizeof a) == 0) return true;
	snprintf(c->got, sizeof c->got, "%.17g", a);
	snprintf(c->want, sizeof c->want, "%.17g", b);
	return differ(c, s);
}

/* The content of words that are one piece of memory is not looked at: it may be secret. */
static bool same_words(comparison *c, const schema_step *s, slice got, slice want)
{
	if (got.n != want.n) return same_number(c, s, got.n, want.n);
	if (got.p == want.p || slice_eq_var(got, want)) return true;
	snprintf(c->got, sizeof c->got, "other bytes");
	snprintf(c->want, sizeof c->want, "its own");
	return differ(c, s);
}

static bool same_any(comparison *c, const schema_step *s, const schema *type, const void *got, const void *want);

static bool same_member(comparison *c, const schema_step *s, const schema_member *m, const void *got, const void *want)
{
	const uint8_t *g = got, *w = want;
	schema_step here = { s, m->name, 0 };

	if (m->optional) {
		bool some = *(const bool *)(g + m->some), wanted = *(const bool *)(w + m->some);
		if (some != wanted) {
			snprintf(c->got, sizeof c->got, "%s", some ? "something" : "nothing");
			snprintf(c->want, sizeof c->want, "%s", wanted ? "something" : "nothing");
			return differ(c, &here);
		}
		c->at++;
		if (!some) return true;
	}
	return !m->type || same_any(c, &here, m->type, g + m->at, w + m->at);
}

static bool same_choice(comparison *c, const schema_step *s, const schema *type, const void *got, const void *want)
{
	uint32_t g = *(const uint32_t *)got, w = *(const uint32_t *)want;

	if (type->kind == SCHEMA_ENUM) {
		if (g != w) {
			snprintf(c->got, sizeof c->got, "%s", type->member[g].name);
			snprintf(c->want, sizeof c->want, "%s", type->member[w].name);
			return differ(c, s);
		}
		c->at += 4;
		return same_member(c, s, &type->member[g], got, want);
	}
	if (!same_number(c, s, g, w)) return false;
	c->at += 4;
	for (size_t i = 0; i < type->members; i++) {
		const schema_member *m = &type->member[i];
		if (m->version == g)
			return same_any(c, s, m->type, (const uint8_t *)got + m->at, (const uint8_t *)want + m->at);
	}
	assert_failed("a version that the table has", __FILE__, __LINE__);
}

static bool same_vec(comparison *c, const schema_step *s, const schema *type, const schema_vec *got, const schema_vec *want)
{
	if (!same_number(c, s, got->n, want->n)) return false;
	c->at += 8;
	for (size_t i = 0; i < got->n; i++) {
		schema_step here = { s, NULL, i };
		if (!same_any(c, &here, type->of, (const uint8_t *)got->p + i * type->of->size,
		              (const uint8_t *)want->p + i * type->of->size))
			return false;
	}
	return true;
}

static bool same_spectra(comparison *c, const schema_step *s, const schema_spectra *got, const schema_spectra *want)
{
	if (!same_number(c, s, got->N, want->N) || !same_words(c, s, got->polynomials, want->polynomials)) return false;
	c->at += 24 + got->polynomials.n;
	return true;
}

static bool same_any(comparison *c, const schema_step *s, const schema *type, const void *got, const void *want)
{
	c->at += 4u * type->versions;
	switch (type->kind) {
	case SCHEMA_U32: case SCHEMA_U64: case SCHEMA_U128: case SCHEMA_I8: case SCHEMA_BOOL:
		if (!same_number(c, s, integer_of(type->kind, got), integer_of(type->kind, want))) return false;
		c->at += schema_scalar(type->kind);
		return true;
	case SCHEMA_F64:
		if (!same_double(c, s, got, want)) return false;
		c->at += schema_scalar(type->kind);
		return true;
	case SCHEMA_BYTES: case SCHEMA_WORDS:
		if (!same_words(c, s, *(const slice *)got, *(const slice *)want)) return false;
		c->at += 8 + ((const slice *)got)->n;
		return true;
	case SCHEMA_STRUCT:
		for (size_t i = 0; i < type->members; i++)
			if (!same_member(c, s, &type->member[i], got, want)) return false;
		return true;
	case SCHEMA_ENUM: case SCHEMA_VERSIONS:
		return same_choice(c, s, type, got, want);
	case SCHEMA_VEC:
		return same_vec(c, s, type, got, want);
	case SCHEMA_SPECTRA:
		return same_spectra(c, s, got, want);
	case SCHEMA_REFUSED:
		break;
	}
	return true;
}

bool schema_same(const schema *type, const void *a, const void *b)
{
	comparison c = { 0 };
	return same_any(&c, NULL, type, a, b);
}

err schema_expect(const schema *type, const void *got, const void *want, size_t offset, const char *what, const char *whose)
{
	comparison c = { .at = offset };

	if (same_any(&c, NULL, type, got, want)) return OK;
	return err_fail(ERR_REQUEST, "%s, %s at byte %zu: %s, but %s has %s", what, c.path.text, c.at, c.got, whose, c.want);
}
