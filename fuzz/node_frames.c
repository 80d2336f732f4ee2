/* SPDX-License-Identifier: MIT */
/* What parties tell each other besides protocols: what is accepted is written back as the same bytes. */
#include "fuzz/fuzz.h"
#include "node/clocks.h"
#include "node/frames.h"
#include "node/group_news.h"
#include "node/settings.h"

static void forget(void *ctx, const setting *mine, const setting *theirs) { (void)ctx, (void)mine, (void)theirs; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const slice bytes = slice_of(data, size);
	uint8_t again[ANNOUNCEMENT_BYTES], word[CLOCK_WORD_BYTES], same[GROUP_NEWS_BYTES];
	clock_word w;
	group_news news;
	announcement a;
	deal_header h;
	setting first;
	slice rest = bytes;

	(void)settings_compare(bytes, bytes, forget, NULL);
	if (settings_read(&first, &rest)) ASSERT(first.key.n + first.value.n + rest.n + 2 == size);
	if (clock_word_read(&w, bytes)) {
		clock_word_write(word, &w);
		ASSERT(slice_eq_var(slice_of(word, sizeof word), bytes));
	}
	if (announcement_read(&a, bytes)) {
		announcement_write(again, &a);
		ASSERT(slice_eq_var(slice_of(again, sizeof again), bytes));
	}
	if (group_news_read(&news, bytes)) {
		group_news_write(same, &news);
		ASSERT(slice_eq_var(slice_of(same, sizeof same), bytes));
	}
	if (deal_header_read(&h, bytes)) {
		buf out = { 0 };
		deal_header_write(&out, &h);
		ASSERT(slice_eq_var(buf_slice(&out), bytes));
		buf_free(&out);
	}
	return 0;
}
