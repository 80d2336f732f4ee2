/* SPDX-License-Identifier: MIT */
/* A log: the first byte names the event, the second the number of topics, three words of topics, then the data. */
#include "evm/kms_events.h"
#include "fuzz/fuzz.h"

static void check_decryption(const kms_decryption *d)
{
	ASSERT(d->n <= MAX_EVENT_HANDLES && d->n_allowed <= MAX_EVENT_ADDRESSES);
	for (size_t i = 0; i < d->n; i++) ASSERT(d->ciphertext[i].n_holders <= MAX_EVENT_ADDRESSES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reader r = reader_of(slice_of(data, size));
	const kms_event_row *row = &KMS_EVENTS[read_u8(&r) % N_KMS_EVENTS];
	evm_log l = { .n_topics = read_u8(&r) % (MAX_LOG_TOPICS + 1) };
	arena a = arena_with_limit(16 * (size + 4096) + (1 << 16));
	kms_event e;

	memcpy(l.topic[0].b, row->topic, sizeof row->topic);
	for (unsigned i = 1; i < MAX_LOG_TOPICS; i++) {
		const slice w = read_bytes(&r, sizeof l.topic[i].b);
		if (w.p) memcpy(l.topic[i].b, w.p, w.n);
	}
	l.data = read_ok(&r) ? read_bytes(&r, read_left(&r)) : (slice){ 0 };
	ASSERT(l.n_topics == 0 || kms_event_find(row->profile, &l) == row);
	if (kms_event_read(&e, &a, row, &l) == OK) {
		ASSERT(l.n_topics == row->topics && e.kind == row->kind);
		if (e.kind == KMS_PUBLIC_DECRYPTION || e.kind == KMS_USER_DECRYPTION) check_decryption(&e.decryption);
	}
	err_clear();
	arena_free(&a);
	return 0;
}
