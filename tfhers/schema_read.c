/* SPDX-License-Identifier: MIT */
/* tfhers/schema_read.c -- bytes to structs, by table.  Everything here comes from outside. */
#include "tfhers/schema.h"
#include "tfhers/schema_path.h"
#include <stdarg.h>

const schema SCHEMA_NONE = { .kind = SCHEMA_REFUSED };

enum { WHY_TEXT = 160 };

typedef struct walk { reader *r; arena *a; const char *what; } walk;

static err refuse(const walk *w, const schema_step *s, size_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static err refuse(const walk *w, const schema_step *s, size_t offset, const char *format, ...)
{
	schema_path path = schema_path_of(s);
	char why[WHY_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	return err_fail(ERR_REQUEST, "%s%s%s at byte %zu: %s", w->what, path.text[0] ? ", " : "", path.text, offset, why);
}

static err need(const walk *w, const schema_step *s, size_t n)
{
	if (read_left(w->r) >= n) return OK;
	return refuse(w, s, w->r->at, "the file ends here, %zu more bytes were expected", n - read_left(w->r));
}

static err read_versions(const walk *w, const schema_step *s, const schema *type)
{
	for (unsigned i = 0; i < type->versions; i++) {
		size_t at = w->r->at;
		TRY(need(w, s, 4));
		uint32_t v = read_u32(w->r);
		if (v != type->version[i])
			return refuse(w, s, at, "version %u where %u was expected", v, type->version[i]);
	}
	return OK;
}

static err read_scalar(void *out, const walk *w, const schema_step *s, const schema *type)
{
	size_t at = w->r->at;

	TRY(need(w, s, schema_scalar(type->kind)));
	if (type->kind == SCHEMA_I8) {
		*(uint8_t *)out = read_u8(w->r);
	} else if (type->kind == SCHEMA_U32) {
		*(uint32_t *)out = read_u32(w->r);
	} else if (type->kind == SCHEMA_U64) {
		*(uint64_t *)out = read_u64(w->r);
	} else if (type->kind == SCHEMA_U128) {
		*(u128 *)out = read_u128(w->r);
	} else if (type->kind == SCHEMA_F64) {
		uint64_t bits = read_u64(w->r);
		memcpy(out, &bits, sizeof bits);
	} else {
		ASSERT(type->kind == SCHEMA_BOOL);
		uint8_t b = read_u8(w->r);
		if (b > 1) return refuse(w, s, at, "byte %u where a bool (0 or 1) was expected", b);
		*(bool *)out = b;
	}
	return OK;
}

/* A count of things that take at least `least` bytes each. */
static err read_count(size_t *out, const walk *w, const schema_step *s, size_t least)
{
	size_t at = w->r->at;

	TRY(need(w, s, 8));
	uint64_t n = read_u64(w->r);
	if (n > read_left(w->r) / least)
		return refuse(w, s, at, "%llu elements of at least %zu bytes are announced, %zu bytes are left",
		              (unsigned long long)n, least, read_left(w->r));
	*out = (size_t)n;
	return OK;
}

static err read_any(void *out, const walk *w, const schema_step *s, const schema *type);

static err read_words(slice *out, const walk *w, const schema_step *s, const schema *type)
{
	size_t at = w->r->at, unit = type->kind == SCHEMA_BYTES ? 1 : type->word, n;

	TRY(read_count(&n, w, s, unit));
	if (type->exactly && n != type->exactly)
		return refuse(w, s, at, "%zu words where %zu were expected", n, type->exactly);
	*out = read_bytes(w->r, n * unit);
	return OK;
}

/* The counts say the same thing three times. */
static err read_spectra(schema_spectra *out, const walk *w, const schema_step *s)
{
	const size_t at = w->r->at;

	TRY(need(w, s, 24));
	const uint64_t elements = read_u64(w->r), N = read_u64(w->r), n = read_u64(w->r);
	if (N < SCHEMA_SPECTRUM_MIN || N > SCHEMA_SPECTRUM_MAX || (N & (N - 1)) != 0)
		return refuse(w, s, at + 8, "polynomials of %llu coefficients where a power of two from %d to %d was expected",
		              (unsigned long long)N, SCHEMA_SPECTRUM_MIN, SCHEMA_SPECTRUM_MAX);
	if (n > read_left(w->r) / schema_spectrum(N))
		return refuse(w, s, at + 16, "%llu polynomials of %zu bytes are announced, %zu bytes are left", (unsigned long long)n,
		              schema_spectrum(N), read_left(w->r));
	if (elements != n + 2)
		return refuse(w, s, at, "%llu elements where %llu polynomials need %llu", (unsigned long long)elements,
		              (unsigned long long)n, (unsigned long long)n + 2);
	*out = (schema_spectra){ N, read_bytes(w->r, (size_t)n * schema_spectrum(N)) };
	for (size_t i = 0; i < out->polynomials.n; i += schema_spectrum(N))
		if (load64(out->polynomials.p + i) != N / 2)
			return refuse(w, s, at + 24 + i, "a polynomial of %llu complex numbers where %llu were expected",
			              (unsigned long long)load64(out->polynomials.p + i), (unsigned long long)N / 2);
	return OK;
}

static err read_member(void *out, const walk *w, const schema_step *s, const schema_member *m)
{
	schema_step here = { s, m->name, 0 };

	if (m->optional) {
		size_t at = w->r->at;
		TRY(need(w, &here, 1));
		uint8_t some = read_u8(w->r);
		if (some > 1) return refuse(w, &here, at, "byte %u where an option (0 or 1) was expected", some);
		*(bool *)((uint8_t *)out + m->some) = some;
		if (!some) return OK;
	}
	return m->type ? read_any((uint8_t *)out + m->at, w, &here, m->type) : OK;
}

static err read_enum(void *out, const walk *w, const schema_step *s, const schema *type)
{
	size_t at = w->r->at;

	TRY(need(w, s, 4));
	uint32_t v = read_u32(w->r);
	if (v >= type->members)
		return refuse(w, s, at, "variant %u where 0 to %zu were expected", v, type->members - 1);
	const schema_member *m = &type->member[v];
	if (m->type == &SCHEMA_NONE) return refuse(w, s, at, "%s is not supported here", m->name);
	*(uint32_t *)out = v;
	return read_member(out, w, s, m);
}

static err read_one_of_versions(void *out, const walk *w, const schema_step *s, const schema *type)
{
	size_t at = w->r->at;

	TRY(need(w, s, 4));
	uint32_t v = read_u32(w->r);
	for (size_t i = 0; i < type->members; i++)
		if (type->member[i].version == v) {
			*(uint32_t *)out = v;
			return read_any((uint8_t *)out + type->member[i].at, w, s, type->member[i].type);
		}
	return refuse(w, s, at, "version %u where %u to %u were expected", v, type->member[0].version,
	              type->member[type->members - 1].version);
}

static err read_vec(schema_vec *out, const walk *w, const schema_step *s, const schema *type)
{
	TRY(read_count(&out->n, w, s, schema_least(type->of)));
	TRY(arena_new_bytes(w->a, &out->p, out->n, type->of->size));
	for (size_t i = 0; i < out->n; i++) {
		schema_step here = { s, NULL, i };
		TRY(read_any((uint8_t *)out->p + i * type->of->size, w, &here, type->of));
	}
	return OK;
}

static err read_any(void *out, const walk *w, const schema_step *s, const schema *type)
{
	size_t at = w->r->at;

	TRY(read_versions(w, s, type));
	switch (type->kind) {
	case SCHEMA_U32: case SCHEMA_U64: case SCHEMA_U128: case SCHEMA_I8: case SCHEMA_F64: case SCHEMA_BOOL:
		return read_scalar(out, w, s, type);
	case SCHEMA_BYTES: case SCHEMA_WORDS:
		return read_words(out, w, s, type);
	case SCHEMA_STRUCT:
		for (size_t i = 0; i < type->members; i++) TRY(read_member(out, w, s, &type->member[i]));
		return OK;
	case SCHEMA_ENUM:     return read_enum(out, w, s, type);
	case SCHEMA_VERSIONS: return read_one_of_versions(out, w, s, type);
	case SCHEMA_VEC:      return read_vec(out, w, s, type);
	case SCHEMA_SPECTRA:  return read_spectra(out, w, s);
	case SCHEMA_REFUSED:  break;
	}
	return refuse(w, s, at, "present where nothing was expected");
}

err schema_read(void *out, arena *a, reader *r, const schema *type, const char *what)
{
	walk w = { r, a, what };
	return read_any(out, &w, NULL, type);
}
