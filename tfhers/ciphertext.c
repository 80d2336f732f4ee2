/* SPDX-License-Identifier: MIT */
/* tfhers/ciphertext.c -- one encrypted value in any of the four formats that a KMS decrypts. */
#include "tfhers/ciphertext_parts.h"

static const char *const FORMAT_NAMES[CT_FORMATS] = {
	[SMALL_COMPRESSED] = "small-compressed", [SMALL_EXPANDED] = "small-expanded",
	[BIG_COMPRESSED] = "big-compressed", [BIG_EXPANDED] = "big-expanded",
};

const char *ct_format_name(ct_format f)
{
	return (unsigned)f < CT_FORMATS ? FORMAT_NAMES[f] : NULL;
}

bool ct_format_by_name_var(ct_format *out, slice name)
{
	for (ct_format f = 0; f < CT_FORMATS; f++)
		if (slice_eq_var(name, slice_str(FORMAT_NAMES[f]))) return *out = f, true;
	return false;
}

err blocks_check_count(const char *what, uint64_t blocks)
{
	if (blocks >= 1 && blocks <= MAX_CIPHERTEXT_BLOCKS) return OK;
	return err_fail(ERR_REQUEST, "%s holds a value of %llu blocks; values that are decrypted have 1 to %d", what,
	                (unsigned long long)blocks, MAX_CIPHERTEXT_BLOCKS);
}

static bool format_of(ct_format *out, object_id id)
{
	static const struct { object_id id; ct_format format; } FORMATS[] = {
		{ OBJECT_BOOL, SMALL_EXPANDED }, { OBJECT_UINT, SMALL_EXPANDED }, { OBJECT_COMPRESSED_LIST, SMALL_COMPRESSED },
		{ OBJECT_SQUASHED_BOOL, BIG_EXPANDED }, { OBJECT_SQUASHED_UINT, BIG_EXPANDED },
		{ OBJECT_SQUASHED_LIST, BIG_COMPRESSED },
	};
	for (size_t i = 0; i < COUNT(FORMATS); i++)
		if (FORMATS[i].id == id) return *out = FORMATS[i].format, true;
	return false;
}

bool tfhers_format_of_var(ct_format *out, slice file)
{
	object_id id;

	if (object_of(&id, file) == OK) return format_of(out, id);
	err_clear();
	return false;
}

err tfhers_read_ciphertext(ciphertext *out, arena *a, slice file)
{
	ciphertext ct = { 0 };
	object_id id;

	TRY(object_of(&id, file));
	if (id == OBJECT_INT || id == OBJECT_SQUASHED_INT)
		return err_fail(ERR_REQUEST, "%s: signed values are not decrypted", OBJECT[id].name);
	if (!format_of(&ct.format, id))
		return err_fail(ERR_REQUEST, "%s is not one of the formats that are decrypted: FheBool, FheUint, "
		                "CompressedCiphertextList, SquashedNoiseFheBool, SquashedNoiseFheUint, "
		                "CompressedSquashedNoiseCiphertextList", OBJECT[id].name);
	switch (ct.format) {
	case SMALL_EXPANDED:   TRY(blocks64_read(&ct, a, id == OBJECT_BOOL, file)); break;
	case BIG_EXPANDED:     TRY(blocks128_read(&ct, a, id == OBJECT_SQUASHED_BOOL, file)); break;
	case SMALL_COMPRESSED: TRY(packed64_read(&ct, a, file)); break;
	case BIG_COMPRESSED:   TRY(packed128_read(&ct, a, file)); break;
	case CT_FORMATS:       break;
	}
	*out = ct;
	return OK;
}

void tfhers_write_ciphertext(buf *out, const ciphertext *ct)
{
	AUTO(arena) a = arena_with_limit(SIZE_MAX);

	ASSERT(ct->blocks >= 1 && ct->blocks <= MAX_CIPHERTEXT_BLOCKS && (!ct->boolean || ct->blocks == 1));
	switch (ct->format) {
	case SMALL_EXPANDED:   blocks64_write(out, &a, ct); break;
	case BIG_EXPANDED:     blocks128_write(out, &a, ct); break;
	case SMALL_COMPRESSED: packed64_write(out, &a, ct); break;
	case BIG_COMPRESSED:   packed128_write(out, &a, ct); break;
	case CT_FORMATS:       assert_failed("a format of the enum", __FILE__, __LINE__);
	}
}
