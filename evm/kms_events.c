/* SPDX-License-Identifier: MIT */
/* evm/kms_events.c -- a decoder reads the members in their order; whatever is wrong stays with the reader. */
#include "evm/kms_events_internal.h"

static abi_word topic(const evm_log *log, unsigned i)
{
	return abi_hash(&log->topic[i]);
}

static id32 topic_id(const evm_log *log, unsigned i)
{
	const abi_word w = topic(log, i);
	return abi_id(&w);
}

/* Room for a list that was found to be within its bounds. */
static void *room(arena *a, abi_reader *r, size_t n, size_t each)
{
	void *p = abi_ok(r) && n ? arena_try(a, n * each) : NULL;
	if (abi_ok(r) && n && !p) abi_refuse(r, "there is no memory for it");
	return p;
}

static const eth_address *next_addresses(size_t *n, arena *a, abi_part *p)
{
	abi_part list = abi_next_list(p, n, 1, MAX_EVENT_ADDRESSES);
	eth_address *out = room(a, p->r, *n, sizeof *out);

	if (!out) *n = 0;
	for (size_t i = 0; i < *n; i++) out[i] = abi_next_address(&list);
	return out;
}

/* ---- decryption ---------------------------------------------------------------------------------------------- */

static void ciphertext_with_material(kms_ciphertext *c, arena *a, abi_part *list)
{
	abi_part p = abi_next_tuple(list);
	c->handle = abi_next(&p);
	c->key_id = abi_next(&p);
	c->digest = abi_next(&p);
	c->holders = next_addresses(&c->n_holders, a, &p);
}

static void ciphertext_by_handle(kms_ciphertext *c, arena *a, abi_part *list)
{
	(void)a;
	c->handle = abi_next(list);
}

static void ciphertext_with_owner(kms_ciphertext *c, arena *a, abi_part *list)
{
	(void)a;
	c->handle = abi_next(list);
	c->contract = abi_next_address(list);
	c->owner = abi_next_address(list);
}

static const struct {
	size_t words;
	void (*read)(kms_ciphertext *c, arena *a, abi_part *list);
} SHAPES[] = {
	[KMS_MATERIALS] = { 1, ciphertext_with_material },
	[KMS_HANDLES]   = { 1, ciphertext_by_handle },
	[KMS_SIGNED]    = { 3, ciphertext_with_owner },
};

static void next_ciphertexts(kms_decryption *d, arena *a, abi_part *p, kms_shape shape)
{
	abi_part list = abi_next_list(p, &d->n, SHAPES[shape].words, MAX_EVENT_HANDLES);
	kms_ciphertext *c = room(a, p->r, d->n, sizeof *c);

	if (!c) d->n = 0;
	d->shape = shape;
	d->ciphertext = c;
	for (size_t i = 0; i < d->n; i++) SHAPES[shape].read(&c[i], a, &list);
}

static void public_decryption(kms_event *out, arena *a, abi_reader *data, const evm_log *log, kms_shape shape)
{
	abi_part p = abi_top(data);

	out->id = topic_id(log, 1);
	next_ciphertexts(&out->decryption, a, &p, shape);
	out->decryption.extra = abi_next_bytes(&p, MAX_EVENT_BYTES);
}

static void public_materials(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	public_decryption(out, a, data, log, KMS_MATERIALS);
}

static void public_handles(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	public_decryption(out, a, data, log, KMS_HANDLES);
}

static void user_decryption(kms_event *out, arena *a, abi_reader *data, const evm_log *log, kms_shape shape)
{
	kms_decryption *d = &out->decryption;
	abi_part p = abi_top(data);

	out->id = topic_id(log, 1);
	next_ciphertexts(d, a, &p, shape);
	d->user = abi_next_address(&p);
	d->public_key = abi_next_bytes(&p, MAX_EVENT_BYTES);
	d->extra = abi_next_bytes(&p, MAX_EVENT_BYTES);
}

static void user_materials(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	user_decryption(out, a, data, log, KMS_MATERIALS);
}

static void user_handles(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	user_decryption(out, a, data, log, KMS_HANDLES);
}

static void user_signed(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	kms_decryption *d = &out->decryption;
	abi_part p = abi_top(data);

	out->id = topic_id(log, 1);
	next_ciphertexts(d, a, &p, KMS_SIGNED);
	abi_part payload = abi_next_tuple(&p);
	d->user = abi_next_address(&payload);
	d->public_key = abi_next_bytes(&payload, MAX_EVENT_BYTES);
	d->allowed = next_addresses(&d->n_allowed, a, &payload);
	d->start_s = abi_next_u64(&payload, INT64_MAX);
	d->duration_s = abi_next_u64(&payload, INT64_MAX);
	d->extra = abi_next_bytes(&payload, MAX_EVENT_BYTES);
	d->signature = abi_next_bytes(&payload, MAX_EVENT_BYTES);
}

/* ---- generation ---------------------------------------------------------------------------------------------- */

enum { LAST_PARAMS = 1 };

static void prep_keygen(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	kms_generation *g = &out->generation;
	abi_part p = abi_top(data);

	(void)a, (void)log;
	out->id = g->prep = abi_next_id(&p);
	g->epoch = abi_next_id(&p);
	g->params = (uint8_t)abi_next_u64(&p, LAST_PARAMS);
}

static void prep_keygen_v015(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	kms_generation *g = &out->generation;
	abi_part p = abi_top(data);

	(void)a, (void)log;
	out->id = g->prep = abi_next_id(&p);
	g->params = (uint8_t)abi_next_u64(&p, LAST_PARAMS);
	g->extra = abi_next_bytes(&p, MAX_EVENT_BYTES);
}

static abi_part keygen_ids(kms_event *out, abi_reader *data)
{
	kms_generation *g = &out->generation;
	abi_part p = abi_top(data);

	g->prep = abi_next_id(&p);
	out->id = g->key = abi_next_id(&p);
	return p;
}

static void keygen(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	(void)a, (void)log;
	(void)keygen_ids(out, data);
}

static void keygen_v015(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	(void)a, (void)log;
	abi_part p = keygen_ids(out, data);
	out->generation.extra = abi_next_bytes(&p, MAX_EVENT_BYTES);
}

static abi_part crs_members(kms_event *out, abi_reader *data)
{
	kms_generation *g = &out->generation;
	abi_part p = abi_top(data);

	out->id = g->crs = abi_next_id(&p);
	g->max_bits = abi_next(&p);
	g->params = (uint8_t)abi_next_u64(&p, LAST_PARAMS);
	return p;
}

static void crsgen(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	(void)a, (void)log;
	(void)crs_members(out, data);
}

static void crsgen_v015(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	(void)a, (void)log;
	abi_part p = crs_members(out, data);
	out->generation.extra = abi_next_bytes(&p, MAX_EVENT_BYTES);
}

static void prss_init(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	(void)out, (void)a, (void)log;
	if (data->all.n) abi_refuse(data, "it has data where none belongs");
}

static void key_reshare(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	kms_generation *g = &out->generation;
	abi_part p = abi_top(data);

	(void)a, (void)log;
	g->prep = abi_next_id(&p);
	g->key = abi_next_id(&p);
	out->id = g->reshare = abi_next_id(&p);
	g->params = (uint8_t)abi_next_u64(&p, LAST_PARAMS);
}

static void abort_keygen(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	abi_part p = abi_top(data);
	(void)a, (void)log;
	out->id = out->generation.prep = abi_next_id(&p);
}

static void abort_crsgen(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	abi_part p = abi_top(data);
	(void)a, (void)log;
	out->id = out->generation.crs = abi_next_id(&p);
}

/* ---- contexts and epochs -------------------------------------------------------------------------------------- */

static void next_member(kms_member *m, abi_part *list)
{
	abi_part p = abi_next_tuple(list);
	m->tx_sender = abi_next_address(&p);
	m->signer = abi_next_address(&p);
	m->address = abi_next_bytes(&p, MAX_EVENT_TEXT);
	m->storage_url = abi_next_bytes(&p, MAX_EVENT_TEXT);
	m->party = abi_next_i32(&p);
	m->identity = abi_next_bytes(&p, MAX_EVENT_TEXT);
	m->certificate = abi_next_bytes(&p, MAX_EVENT_BYTES);
	m->storage_prefix = abi_next_bytes(&p, MAX_EVENT_TEXT);
}

void kms_context_next_members(kms_context *c, arena *a, abi_part *p)
{
	abi_part list = abi_next_list(p, &c->n, 1, MAX_EVENT_NODES);
	kms_member *m = room(a, p->r, c->n, sizeof *m);

	if (!m) c->n = 0;
	c->member = m;
	for (size_t i = 0; i < c->n; i++) next_member(&m[i], &list);
}

void kms_context_next_pcrs(kms_context *c, arena *a, abi_part *p)
{
	abi_part list = abi_next_list(p, &c->n_pcr, 1, MAX_EVENT_NODES);
	slice (*pcr)[3] = room(a, p->r, c->n_pcr, sizeof *pcr);

	if (!pcr) c->n_pcr = 0;
	c->pcr = (const slice (*)[3])pcr;
	for (size_t i = 0; i < c->n_pcr; i++) {
		abi_part one = abi_next_tuple(&list);
		for (size_t k = 0; k < 3; k++) pcr[i][k] = abi_next_bytes(&one, MAX_EVENT_TEXT);
	}
}

void kms_context_next_thresholds(kms_context *c, abi_part *p)
{
	c->public_threshold = abi_next(p);
	c->user_threshold = abi_next(p);
	c->generation_threshold = abi_next(p);
	c->mpc_threshold = abi_next(p);
}

/* The counter of contexts before the first one: 7 in the top byte and nothing else. */
static bool is_context_counter(const id32 *id)
{
	static const id32 COUNTER = { { 7 } };
	return id_eq_var(id, &COUNTER);
}

static void new_context(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	kms_context *c = &out->context;
	abi_part p = abi_top(data);

	out->id = c->id = topic_id(log, 1);
	c->previous = topic_id(log, 2);
	c->first = is_context_counter(&c->previous);
	kms_context_next_members(c, a, &p);
	kms_context_next_thresholds(c, &p);
	c->software = abi_next_bytes(&p, MAX_EVENT_TEXT);
	kms_context_next_pcrs(c, a, &p);
	c->anchor = keccak256(data->all);
}

static void new_epoch(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	kms_epoch *e = &out->epoch;
	abi_part p = abi_top(data);

	(void)a;
	e->context = topic_id(log, 1);
	out->id = e->id = topic_id(log, 2);
	e->previous_context = abi_next_id(&p);
	e->previous = abi_next_id(&p);
	e->material_block = abi_next_u64(&p, INT64_MAX);
}

static void context_destroyed(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	(void)a, (void)data;
	out->id = out->context.id = topic_id(log, 1);
}

static void epoch_destroyed(kms_event *out, arena *a, abi_reader *data, const evm_log *log)
{
	(void)a, (void)data;
	out->id = out->epoch.id = topic_id(log, 1);
}

/* ---- the table ----------------------------------------------------------------------------------------------- */

#define MATERIAL "(bytes32,uint256,bytes32,address[])[]"
#define PAYLOAD  "(address,bytes,address[],(uint256,uint256),bytes,bytes)"
#define MEMBER   "(address,address,string,string,int32,string,bytes,string)[]"

const kms_event_row KMS_EVENTS[] = {
	{ "PublicDecryptionRequest(uint256," MATERIAL ",bytes)",
	  { 0x22, 0xdb, 0x48, 0x0a, 0x39, 0xbd, 0x72, 0x55, 0x64, 0x38, 0xaa, 0xdb, 0x4a, 0x32, 0xa3, 0xd2,
	    0xa6, 0x63, 0x8b, 0x87, 0xc0, 0x3b, 0xbe, 0xc5, 0xfe, 0xf6, 0x99, 0x7e, 0x10, 0x95, 0x87, 0xff },
	  KMS_PUBLIC_DECRYPTION, KMS_DECRYPTION, KMS_GATEWAY, 2, public_materials },
	{ "UserDecryptionRequest(uint256," MATERIAL ",address,bytes,bytes)",
	  { 0xf9, 0x01, 0x1b, 0xd6, 0xba, 0x0d, 0xa6, 0x04, 0x9c, 0x52, 0x0d, 0x70, 0xfe, 0x59, 0x71, 0xf1,
	    0x7e, 0xd7, 0xab, 0x79, 0x54, 0x86, 0x05, 0x25, 0x44, 0xb5, 0x10, 0x19, 0x89, 0x6c, 0x59, 0x6b },
	  KMS_USER_DECRYPTION, KMS_DECRYPTION, KMS_GATEWAY, 2, user_materials },
	{ "PrepKeygenRequest(uint256,uint256,uint8)",
	  { 0x02, 0x02, 0x40, 0x07, 0xd9, 0x65, 0x74, 0xdb, 0xc9, 0xd1, 0x13, 0x28, 0xbf, 0xee, 0x98, 0x93,
	    0xe7, 0xc7, 0xbb, 0x4e, 0xf4, 0xaa, 0x80, 0x6d, 0xf3, 0x3b, 0xfd, 0xf4, 0x54, 0xeb, 0x5e, 0x60 },
	  KMS_PREP_KEYGEN, KMS_GENERATION, KMS_GATEWAY, 1, prep_keygen },
	{ "KeygenRequest(uint256,uint256)",
	  { 0x78, 0xb1, 0x79, 0x17, 0x6d, 0x1f, 0x19, 0xd7, 0xc2, 0x8e, 0x80, 0x82, 0x3d, 0xeb, 0xa2, 0x62,
	    0x4d, 0xa2, 0xca, 0x2e, 0xc6, 0x4b, 0x17, 0x01, 0xf3, 0x63, 0x2a, 0x87, 0xc9, 0xae, 0xdc, 0x92 },
	  KMS_KEYGEN, KMS_GENERATION, KMS_GATEWAY, 1, keygen },
	{ "CrsgenRequest(uint256,uint256,uint8)",
	  { 0x3f, 0x03, 0x8f, 0x6f, 0x88, 0xcb, 0x30, 0x31, 0xb7, 0x71, 0x85, 0x88, 0x40, 0x3a, 0x2e, 0xc2,
	    0x20, 0x57, 0x6a, 0x86, 0x8b, 0xe0, 0x7d, 0xde, 0x4c, 0x02, 0xb8, 0x46, 0xca, 0x35, 0x2e, 0xf5 },
	  KMS_CRSGEN, KMS_GENERATION, KMS_GATEWAY, 1, crsgen },
	{ "PRSSInit()",
	  { 0x11, 0xdb, 0x42, 0xc1, 0x87, 0x8f, 0x2e, 0x28, 0x19, 0x24, 0x1f, 0x52, 0x50, 0x98, 0x45, 0x63,
	    0xf0, 0x6c, 0xf2, 0x28, 0x18, 0xe7, 0xad, 0xb8, 0x6a, 0x66, 0x92, 0x1d, 0x15, 0xd5, 0x9d, 0x3f },
	  KMS_PRSS_INIT, KMS_GENERATION, KMS_GATEWAY, 1, prss_init },
	{ "KeyReshareSameSet(uint256,uint256,uint256,uint8)",
	  { 0x1c, 0xcb, 0x55, 0x45, 0xc4, 0xc8, 0xdb, 0x50, 0xa0, 0xf5, 0xb4, 0x16, 0x49, 0x95, 0x26, 0x92,
	    0x9f, 0x68, 0x53, 0x4e, 0xd4, 0x7f, 0x6c, 0xfd, 0x4c, 0x9f, 0x06, 0x90, 0x75, 0xe6, 0x0b, 0x45 },
	  KMS_KEY_RESHARE, KMS_GENERATION, KMS_GATEWAY, 1, key_reshare },
	{ "PublicDecryptionRequest(uint256,bytes32[],bytes)",
	  { 0x9b, 0xb0, 0x88, 0xa5, 0x3f, 0x1f, 0xe1, 0x3e, 0xc8, 0x4f, 0xa0, 0xa1, 0xd7, 0xb5, 0x78, 0xb5,
	    0x89, 0xe1, 0x93, 0x26, 0x8b, 0xaa, 0xcc, 0xc5, 0xe2, 0x3f, 0x7a, 0xb7, 0x85, 0xaa, 0x3d, 0xae },
	  KMS_PUBLIC_DECRYPTION, KMS_DECRYPTION, KMS_V015, 2, public_handles },
	{ "UserDecryptionRequest(uint256,bytes32[],address,bytes,bytes)",
	  { 0xc7, 0x1e, 0x32, 0xc8, 0x0f, 0x31, 0x09, 0xc6, 0x73, 0xa9, 0xad, 0xfc, 0xde, 0xd0, 0xb3, 0xb2,
	    0x09, 0x32, 0x12, 0xab, 0x28, 0x40, 0x84, 0xa0, 0xe0, 0x3a, 0x28, 0x1d, 0xee, 0x2b, 0xdd, 0x5f },
	  KMS_USER_DECRYPTION, KMS_DECRYPTION, KMS_V015, 2, user_handles },
	{ "UserDecryptionRequest(uint256,(bytes32,address,address)[]," PAYLOAD ")",
	  { 0x8e, 0xd4, 0xfa, 0xb8, 0xb1, 0xd0, 0x50, 0x67, 0x6c, 0xd7, 0xd7, 0xd9, 0xfa, 0x44, 0x8d, 0x5d,
	    0x22, 0x11, 0x33, 0x75, 0xfa, 0xb8, 0xad, 0x4d, 0xc6, 0x90, 0xe5, 0x45, 0x93, 0xc5, 0x27, 0xbf },
	  KMS_USER_DECRYPTION, KMS_DECRYPTION, KMS_V015, 2, user_signed },
	{ "PrepKeygenRequest(uint256,uint8,bytes)",
	  { 0xfb, 0xf5, 0x27, 0x48, 0x10, 0xb9, 0x4f, 0x86, 0x97, 0x0c, 0x11, 0x47, 0xe8, 0xff, 0xae, 0xbe,
	    0xd2, 0x46, 0xee, 0x97, 0x77, 0xd6, 0x95, 0xa6, 0x90, 0x04, 0xdc, 0x62, 0x56, 0xd1, 0xfe, 0x91 },
	  KMS_PREP_KEYGEN, KMS_GENERATION, KMS_V015, 1, prep_keygen_v015 },
	{ "KeygenRequest(uint256,uint256,bytes)",
	  { 0x3a, 0x11, 0x61, 0x20, 0xcc, 0xa5, 0xd4, 0xf0, 0x73, 0xcc, 0x1f, 0xc3, 0x1f, 0xf2, 0x61, 0x33,
	    0xab, 0x7b, 0x04, 0x99, 0xf2, 0x71, 0x2f, 0xa0, 0x10, 0x02, 0x3b, 0x87, 0xd5, 0xa1, 0xf9, 0xee },
	  KMS_KEYGEN, KMS_GENERATION, KMS_V015, 1, keygen_v015 },
	{ "CrsgenRequest(uint256,uint256,uint8,bytes)",
	  { 0x8c, 0xf0, 0x15, 0x13, 0x93, 0xf8, 0x4f, 0xd6, 0x94, 0xc5, 0xe3, 0x15, 0xcb, 0x74, 0xcc, 0x05,
	    0xb2, 0x47, 0xde, 0x0a, 0x45, 0x4f, 0xd9, 0xe9, 0x12, 0x9c, 0x66, 0x1e, 0xfd, 0xf9, 0x40, 0x1d },
	  KMS_CRSGEN, KMS_GENERATION, KMS_V015, 1, crsgen_v015 },
	{ "AbortKeygen(uint256)",
	  { 0x2b, 0x08, 0x7b, 0x88, 0x4b, 0x35, 0xa8, 0x1d, 0x76, 0x9d, 0x1a, 0x1e, 0x09, 0x28, 0x80, 0xf1,
	    0xda, 0x56, 0xde, 0x96, 0x4e, 0x4b, 0x33, 0x9e, 0xab, 0xcb, 0x1f, 0x45, 0xf5, 0xfe, 0x32, 0x64 },
	  KMS_ABORT_KEYGEN, KMS_GENERATION, KMS_V015, 1, abort_keygen },
	{ "AbortCrsgen(uint256)",
	  { 0x38, 0x4f, 0x90, 0xfe, 0xfb, 0xcf, 0xaa, 0x68, 0xf2, 0x2e, 0x00, 0x09, 0x4a, 0xea, 0xa5, 0x2b,
	    0x2b, 0xc6, 0x93, 0x93, 0x6d, 0x2c, 0xe1, 0xaf, 0xed, 0x12, 0x12, 0x52, 0x0b, 0x59, 0xb5, 0x8e },
	  KMS_ABORT_CRSGEN, KMS_GENERATION, KMS_V015, 1, abort_crsgen },
	{ "NewKmsContext(uint256,uint256," MEMBER ",(uint256,uint256,uint256,uint256),string,(bytes,bytes,bytes)[])",
	  { 0x20, 0x4d, 0x6b, 0x80, 0x12, 0x11, 0x54, 0xcd, 0x87, 0xd9, 0x9c, 0xf5, 0x4c, 0x63, 0x9a, 0x3d,
	    0xd0, 0xa5, 0x3b, 0x30, 0x84, 0x27, 0x70, 0x98, 0xde, 0x97, 0x2e, 0xbd, 0xd3, 0x4c, 0x6b, 0xe9 },
	  KMS_NEW_CONTEXT, KMS_PROTOCOL_CONFIG, KMS_V015, 3, new_context },
	{ "NewKmsEpoch(uint256,uint256,uint256,uint256,uint256)",
	  { 0x15, 0xaa, 0xaf, 0x47, 0x5e, 0xf4, 0x07, 0x54, 0x3f, 0x51, 0x64, 0xf5, 0x7d, 0xcf, 0x57, 0xf7,
	    0xf9, 0x38, 0x16, 0xf5, 0x5b, 0xae, 0x77, 0xca, 0x09, 0xef, 0xc4, 0x45, 0xba, 0x40, 0xee, 0xf7 },
	  KMS_NEW_EPOCH, KMS_PROTOCOL_CONFIG, KMS_V015, 3, new_epoch },
	{ "KmsContextDestroyed(uint256)",
	  { 0xda, 0x07, 0x5d, 0x09, 0x19, 0x8d, 0x20, 0x7e, 0x3a, 0x91, 0x8d, 0x4b, 0x8d, 0xfc, 0x87, 0xdf,
	    0x2d, 0x60, 0xa0, 0x0b, 0xe7, 0x03, 0xfd, 0x39, 0xea, 0xac, 0x90, 0x96, 0x2d, 0xa0, 0xb7, 0xf0 },
	  KMS_CONTEXT_DESTROYED, KMS_PROTOCOL_CONFIG, KMS_V015, 2, context_destroyed },
	{ "KmsEpochDestroyed(uint256)",
	  { 0x03, 0x43, 0x60, 0x13, 0x07, 0x5f, 0x8d, 0x1a, 0xbb, 0x17, 0x81, 0xdb, 0xca, 0xf4, 0x18, 0xfc,
	    0x76, 0xfc, 0x79, 0x7d, 0x1a, 0xb5, 0x1c, 0x38, 0x66, 0x4c, 0x1a, 0x51, 0xf3, 0xcd, 0x57, 0xf9 },
	  KMS_EPOCH_DESTROYED, KMS_PROTOCOL_CONFIG, KMS_V015, 2, epoch_destroyed },
};
const size_t N_KMS_EVENTS = COUNT(KMS_EVENTS);

static const char *const NAMES[N_KMS_EVENT_KINDS] = {
	[KMS_PUBLIC_DECRYPTION] = "public_decryption_request",
	[KMS_USER_DECRYPTION]   = "user_decryption_request",
	[KMS_PREP_KEYGEN]       = "prep_keygen_request",
	[KMS_KEYGEN]            = "keygen_request",
	[KMS_CRSGEN]            = "crsgen_request",
	[KMS_PRSS_INIT]         = "prss_init",
	[KMS_KEY_RESHARE]       = "key_reshare_same_set",
	[KMS_ABORT_KEYGEN]      = "abort_keygen_request",
	[KMS_ABORT_CRSGEN]      = "abort_crsgen_request",
	[KMS_NEW_CONTEXT]       = "new_kms_context",
	[KMS_NEW_EPOCH]         = "new_kms_epoch",
	[KMS_CONTEXT_DESTROYED] = "kms_context_destroyed",
	[KMS_EPOCH_DESTROYED]   = "kms_epoch_destroyed",
};

const char *kms_event_name(kms_event_kind kind)
{
	ASSERT(kind < N_KMS_EVENT_KINDS);
	return NAMES[kind];
}

const kms_event_row *kms_event_find(kms_chain_profile profile, const evm_log *log)
{
	if (log->n_topics == 0) return NULL;
	for (size_t i = 0; i < N_KMS_EVENTS; i++)
		if (KMS_EVENTS[i].profile == profile && memcmp(KMS_EVENTS[i].topic, log->topic[0].b, sizeof log->topic[0].b) == 0)
			return &KMS_EVENTS[i];
	return NULL;
}

err kms_event_read(kms_event *out, arena *a, const kms_event_row *row, const evm_log *log)
{
	abi_reader data = abi_reader_of(log->data);
	kms_event event = { .kind = row->kind };

	if (log->n_topics != row->topics)
		return err_fail(ERR_REQUEST, "the event %s has %u topics instead of %u", row->signature, log->n_topics, row->topics);
	row->decode(&event, a, &data, log);
	if (!abi_ok(&data)) return err_fail(ERR_REQUEST, "the data of the event %s are malformed: %s", row->signature, data.why);
	*out = event;
	return OK;
}
