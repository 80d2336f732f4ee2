/* SPDX-License-Identifier: MIT */
/* lattice/exact.c -- memory of the two engines; exact.inc for both word sizes. */
#include "lattice/exact.h"
#include "lattice/bootstrap.h"
#include "lattice/lwe.h"
#include "lattice/poly.h"
#include "ring/ntt.h"
#include <stdlib.h>

struct exact {
	const boot_form   *form;
	const seeded_part *from;
	const uint8_t *rows;            /* of all GGSWs; NULL: by transforms */
	size_t     i;                   /* the GGSW that is loaded           */
	arena      memory;
	void      *scratch, *ggsw;      /* of the definition; one GGSW expanded */

	ntt_shape  ntt;
	const ntt_kernel *kernel;
	void      *factor, *ntt_scratch;
	u128      *turned, *product;    /* words for the kernel, in its order */
};

/* One polynomial for each row of a GGSW comes, one for each column goes. */
static ntt_shape transforms_of(part_shape s)
{
	return ntt_shape_for(s.decomp.level * (s.k + 1), s.N, s.k + 1, s.decomp.base_log - 1, s.bits - 1);
}

static err with_transforms(exact *x)
{
	const part_shape s = x->form->shape;
	const size_t words = (size_t)s.decomp.level * (s.k + 1) * (s.k + 1) * s.N;

	x->ntt = transforms_of(s);
	x->kernel = ntt_chosen();
	TRY(arena_new(&x->memory, (uint8_t **)&x->ggsw, words * (s.bits / 8)));
	TRY(arena_new(&x->memory, (uint8_t **)&x->factor, x->kernel->factor_bytes(x->ntt)));
	TRY(arena_new(&x->memory, (uint8_t **)&x->ntt_scratch, x->kernel->scratch_bytes(x->ntt)));
	TRY(arena_new(&x->memory, &x->turned, words));
	return arena_new(&x->memory, &x->product, (s.k + 1) * (size_t)s.N);
}

err exact_new(exact **out, const boot_form *form, const seeded_part *from, const void *rows)
{
	enum { MOST = 32 << 20 };
	exact *x = calloc(1, sizeof *x);

	if (!x) return err_fail(ERR_NOMEM, "no memory for a bootstrap");
	*x = (exact){ .form = form, .from = from, .rows = rows, .memory = arena_with_limit(MOST) };
	err e = arena_new(&x->memory, (uint8_t **)&x->scratch, cmux_scratch(form->shape));
	if (e == OK && !rows) e = with_transforms(x);
	if (e != OK) exact_free(&x);
	else *out = x;
	return e;
}

void exact_free(exact **x)
{
	if (!*x) return;
	arena_free(&(*x)->memory);
	free(*x);
	*x = NULL;
}

const boot_form *exact_form(const exact *x)
{
	return x->form;
}

#define WORD uint64_t
#define SIGNED int64_t
#define OWN(name) name##64
#define RUN lwe64_run
#define AT lwe64_at
#define EXPAND(rows, form, from, first, count) part_rows64(rows, (form)->shape, from, first, count)
#define POLY(name) poly64_##name
#define DIGITS digits64
#define CMUX cmux64_var
#define EXTRACT glwe64_extract
#include "lattice/exact.inc"

#define WORD u128
#define SIGNED i128
#define OWN(name) name##128
#define RUN lwe128_run
#define AT lwe128_at
#define EXPAND(rows, form, from, first, count) part_rows128(rows, (form)->shape, from, (form)->dropped, first, count)
#define POLY(name) poly128_##name
#define DIGITS digits128
#define CMUX cmux128_var
#define EXTRACT glwe128_extract
#include "lattice/exact.inc"

void exact_load(exact *x, size_t i)
{
	x->i = i;
	if (x->rows) return;
	if (x->form->shape.bits == 64) transform64(x);
	else transform128(x);
}
