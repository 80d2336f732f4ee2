/* SPDX-License-Identifier: MIT */
/* tfhers/tables.c -- the names of the objects, and the one way to read or write a whole file. */
#include "tfhers/tables.h"
#include "tfhers/tfhers.h"

#define KIND(label, table, in) { label, &(table), offsetof(in, tag) }
const object_kind OBJECT[OBJECTS] = {
	[OBJECT_CLIENT_KEY] = KIND("high_level_api::ClientKey", T_CLIENT_KEY, tf_client_key),
	[OBJECT_PUBLIC_KEY] = KIND("high_level_api::CompactPublicKey", T_PUBLIC_KEY, tf_public_key),
	[OBJECT_COMPRESSED_PUBLIC_KEY] =
		KIND("high_level_api::CompressedCompactPublicKey", T_COMPRESSED_PUBLIC_KEY, tf_compressed_public_key),
	[OBJECT_COMPRESSED_SERVER_KEY] =
		KIND("high_level_api::CompressedServerKey", T_COMPRESSED_SERVER_KEY, tf_compressed_server_key),
	[OBJECT_XOF_KEYSET] = { "high_level_api::CompressedXofKeySet", &T_XOF_KEYSET, offsetof(tf_xof_keyset, server_key.tag) },
	[OBJECT_DECOMPRESSION_KEY] = { "integer::CompressedDecompressionKey", &T_DECOMP_KEY, 0 },
	[OBJECT_SERVER_KEY] = KIND("high_level_api::ServerKey", T_SERVER_KEY, tf_server_key),
	[OBJECT_BOOL] = KIND("high_level_api::FheBool", T_BOOL_CT, tf_bool),
	[OBJECT_UINT] = KIND("high_level_api::FheUint", T_INTEGER_CT, tf_integer),
	[OBJECT_INT] = KIND("high_level_api::FheInt", T_INTEGER_CT, tf_integer),
	[OBJECT_COMPRESSED_BOOL] = KIND("high_level_api::CompressedFheBool", T_COMPRESSED_BOOL, tf_compressed_bool),
	[OBJECT_COMPRESSED_UINT] = KIND("high_level_api::CompressedFheUint", T_COMPRESSED_INTEGER, tf_compressed_integer),
	[OBJECT_COMPRESSED_INT] = KIND("high_level_api::CompressedFheInt", T_COMPRESSED_INTEGER, tf_compressed_integer),
	[OBJECT_COMPACT_LIST] = KIND("high_level_api::CompactCiphertextList", T_COMPACT_LIST, tf_compact_list),
	[OBJECT_PROVEN_LIST] = KIND("high_level_api::ProvenCompactCiphertextList", T_PROVEN_LIST, tf_proven_list),
	[OBJECT_COMPRESSED_LIST] = KIND("high_level_api::CompressedCiphertextList", T_COMPRESSED_LIST, tf_compressed_list),
	[OBJECT_SQUASHED_BOOL] = KIND("high_level_api::SquashedNoiseFheBool", T_SQUASHED_BOOL, tf_squashed_bool),
	[OBJECT_SQUASHED_UINT] = KIND("high_level_api::SquashedNoiseFheUint", T_SQUASHED_INTEGER, tf_squashed_integer),
	[OBJECT_SQUASHED_INT] = KIND("high_level_api::SquashedNoiseFheInt", T_SQUASHED_INTEGER, tf_squashed_integer),
	[OBJECT_SQUASHED_LIST] =
		KIND("high_level_api::CompressedSquashedNoiseCiphertextList", T_SQUASHED_LIST, tf_squashed_list),
	[OBJECT_CRS] = { "zk::CompactPkeCrs", &T_CRS, 0 },
};

static err open_envelope(object_id *id, reader *body, slice file)
{
	slice name;

	TRY(tfhers_envelope_read(&name, body, file));
	for (object_id i = 0; i < OBJECTS; i++)
		if (slice_eq_var(name, slice_str(OBJECT[i].name))) return *id = i, OK;
	return err_fail(ERR_REQUEST, "objects of the type \"%s\" are not read here", envelope_shown(name).text);
}

err object_of(object_id *out, slice file)
{
	reader body;
	return open_envelope(out, &body, file);
}

arena object_arena(slice file)
{
	return arena_with_limit(16 * file.n + (64 << 10));
}

err object_read(void *out, arena *a, object_id id, slice file)
{
	const char *what = OBJECT[id].name;
	object_id found = id;
	reader r;

	TRY(open_envelope(&found, &r, file));
	if (found != id) return err_fail(ERR_REQUEST, "the file holds a %s where a %s was expected", OBJECT[found].name, what);
	memset(out, 0, OBJECT[id].type->size);
	TRY(schema_read(out, a, &r, OBJECT[id].type, what));
	if (!read_done(&r)) return err_fail(ERR_REQUEST, "%s: %zu bytes follow its end at byte %zu", what, read_left(&r), r.at);
	return OK;
}

void object_write(buf *out, object_id id, const void *value)
{
	buf_reserve(out, envelope_length(OBJECT[id].name) + schema_length(OBJECT[id].type, value));
	tfhers_envelope_write(out, OBJECT[id].name);
	schema_write(out, OBJECT[id].type, value);
}

err tfhers_name(slice *out, slice file)
{
	reader body;
	return tfhers_envelope_read(out, &body, file);
}
