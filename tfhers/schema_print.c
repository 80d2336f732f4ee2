/* SPDX-License-Identifier: MIT */
/* tfhers/schema_print.c -- structs to lines of text, by table; with the offsets that the writer would use. */
#include "tfhers/schema.h"
#include "tfhers/schema_path.h"
#include "base/hex.h"

typedef struct page { buf *out; size_t at; } page;

/* One line; the field's value, if it has one, follows by the caller's hand, and end_line. */
static void begin_line(page *p, const schema_step *s, size_t length, const char *kind)
{
	buf_printf(p->out, "%9zu %9zu  %-70s  %-8s ", p->at, length, schema_path_of(s).text, kind);
	p->at += length;
}

static void end_line(page *p)
{
	while (p->out->n && p->out->p[p->out->n - 1] == ' ') p->out->n--;
	buf_put_str(p->out, "\n");
}

static void print_text(page *p, const schema_step *s, size_t length, const char *kind, const char *text)
{
	begin_line(p, s, length, kind);
	buf_put_str(p->out, text);
	end_line(p);
}

static void print_u32(page *p, const schema_step *s, const char *kind, uint32_t x)
{
	begin_line(p, s, 4, kind);
	buf_printf(p->out, "%u", x);
	end_line(p);
}

static void print_scalar(page *p, const schema_step *s, schema_kind kind, const void *value)
{
	static const char *const NAME[] = { [SCHEMA_U32] = "u32", [SCHEMA_U64] = "u64",
		[SCHEMA_U128] = "u128", [SCHEMA_I8] = "i8", [SCHEMA_F64] = "f64", [SCHEMA_BOOL] = "bool" };

	begin_line(p, s, schema_scalar(kind), NAME[kind]);
	if (kind == SCHEMA_F64) {
		double x;
		memcpy(&x, value, sizeof x);
		buf_printf(p->out, "%.17g", x);
	} else if (kind == SCHEMA_U128) {
		u128 x = *(const u128 *)value;
		if (x >> 64) buf_printf(p->out, "0x%016llx%016llx", (unsigned long long)(x >> 64), (unsigned long long)x);
		else buf_printf(p->out, "%llu", (unsigned long long)x);
	} else if (kind == SCHEMA_U64) {
		buf_printf(p->out, "%llu", (unsigned long long)*(const uint64_t *)value);
	} else if (kind == SCHEMA_U32) {
		buf_printf(p->out, "%u", *(const uint32_t *)value);
	} else if (kind == SCHEMA_I8) {
		buf_printf(p->out, "%d", *(const int8_t *)value);
	} else {
		buf_printf(p->out, "%u", *(const uint8_t *)value);
	}
	end_line(p);
}

static void print_any(page *p, const schema_step *s, const schema *type, const void *value);

static void print_member(page *p, const schema_step *s, const schema_member *m, const void *value)
{
	schema_step here = { s, m->name, 0 };

	if (m->optional) {
		bool some = *(const bool *)((const uint8_t *)value + m->some);
		print_text(p, &here, 1, "option", some ? "some" : "none");
		if (!some) return;
	}
	if (m->type) print_any(p, &here, m->type, (const uint8_t *)value + m->at);
}

static void print_words(page *p, const schema_step *s, const schema *type, slice words)
{
	begin_line(p, s, 8 + words.n, type->kind == SCHEMA_BYTES ? "bytes" : "words");
	if (type->kind == SCHEMA_BYTES) buf_put_hex(p->out, words);
	else buf_printf(p->out, "%zu of %zu bits", words.n / type->word, type->word * 8);
	end_line(p);
}

static void print_one_of_versions(page *p, const schema_step *s, const schema *type, const void *value)
{
	uint32_t v = *(const uint32_t *)value;

	print_u32(p, s, "version", v);
	for (size_t i = 0; i < type->members; i++)
		if (type->member[i].version == v)
			print_any(p, s, type->member[i].type, (const uint8_t *)value + type->member[i].at);
}

static void print_any(page *p, const schema_step *s, const schema *type, const void *value)
{
	for (unsigned i = 0; i < type->versions; i++) print_u32(p, s, "version", type->version[i]);
	switch (type->kind) {
	case SCHEMA_U32: case SCHEMA_U64: case SCHEMA_U128: case SCHEMA_I8: case SCHEMA_F64: case SCHEMA_BOOL:
		print_scalar(p, s, type->kind, value);
		break;
	case SCHEMA_BYTES: case SCHEMA_WORDS:
		print_words(p, s, type, *(const slice *)value);
		break;
	case SCHEMA_STRUCT:
		for (size_t i = 0; i < type->members; i++) print_member(p, s, &type->member[i], value);
		break;
	case SCHEMA_ENUM: {
		const schema_member *m = &type->member[*(const uint32_t *)value];
		print_text(p, s, 4, "variant", m->name);
		print_member(p, s, m, value);
		break;
	}
	case SCHEMA_VERSIONS:
		print_one_of_versions(p, s, type, value);
		break;
	case SCHEMA_VEC: {
		const schema_vec *vec = value;
		begin_line(p, s, 8, "count");
		buf_printf(p->out, "%zu", vec->n);
		end_line(p);
		for (size_t i = 0; i < vec->n; i++)
			print_any(p, &(schema_step){ s, NULL, i }, type->of, (const uint8_t *)vec->p + i * type->of->size);
		break;
	}
	case SCHEMA_SPECTRA: {
		const schema_spectra *x = value;
		begin_line(p, s, 24 + x->polynomials.n, "spectra");
		buf_printf(p->out, "%zu of %llu coefficients", x->polynomials.n / schema_spectrum(x->N), (unsigned long long)x->N);
		end_line(p);
		break;
	}
	case SCHEMA_REFUSED:
		break;
	}
}

void schema_print(buf *out, const schema *type, const void *value, size_t offset)
{
	page p = { out, offset };
	print_any(&p, NULL, type, value);
}
