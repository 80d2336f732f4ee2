/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/derived_test.c -- the shared file of prepared keys: the same keys as in memory; made once by whoever comes
 * first; whatever is wrong with it is noticed, said, and repaired.  The keys of the test set take a few megabytes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/lattice/streams.h"
#include "base/file.h"
#include "lattice/bootstrap.h"
#include "lattice/derived.h"
#include "lattice/engine.h"
#include "lattice/memory.h"

enum { PARTS = PART_BIT(PART_KSK) | PART_BIT(PART_DECOMP_BSK) | PART_BIT(PART_SNS_BSK) };

static struct { arena memory; seeded_keyset test, other, mini; hash32 digest; char folder[64], path[PATH_MAX]; } t;

static void fill_set(seeded_keyset *set, const lat_params *params, unsigned x)
{
	set->params = params;
	stream_part(set, &t.memory, PART_KSK, x);
	stream_part(set, &t.memory, PART_DECOMP_BSK, x + 2);
	stream_part(set, &t.memory, PART_SNS_BSK, x + 4);
}

/* ---- the folder -------------------------------------------------------------------------------------------------- */

static size_t files_ending(const char *end, char path[PATH_MAX])
{
	DIR *d = opendir(t.folder);
	size_t n = 0;

	if (!d) return 0;
	for (struct dirent *f; (f = readdir(d)); ) {
		const size_t length = strlen(f->d_name);
		if (length < strlen(end) || strcmp(f->d_name + length - strlen(end), end) != 0) continue;
		if (path) snprintf(path, PATH_MAX, "%s/%s", t.folder, f->d_name);
		n++;
	}
	closedir(d);
	return n;
}

static void empty_folder(void)
{
	DIR *d = opendir(t.folder);

	if (!d) return;
	for (struct dirent *f; (f = readdir(d)); )
		if (f->d_name[0] != '.') assert_int_equal(unlinkat(dirfd(d), f->d_name, 0), 0);
	closedir(d);
}

static int set_up(void **state)
{
	(void)state;
	t.memory = arena_with_limit((size_t)1 << 28);
	fill_set(&t.test, &PARAMS_TEST, 100);
	fill_set(&t.other, &PARAMS_TEST, 200);
	fill_set(&t.mini, &PARAMS_MINI, 1);
	t.digest = sha256(slice_str("a key set"));
	snprintf(t.folder, sizeof t.folder, "/tmp/arca-derived-XXXXXX");
	return mkdtemp(t.folder) ? 0 : -1;
}

static int take_down(void **state)
{
	(void)state;
	empty_folder();
	rmdir(t.folder);
	arena_free(&t.memory);
	return 0;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* What was said, all sentences together. */
typedef struct heard { char text[4096]; unsigned made; } heard;

static void hear(void *ctx, const char *sentence)
{
	heard *h = ctx;
	const size_t n = strlen(h->text);

	snprintf(h->text + n, sizeof h->text - n, "%s\n", sentence);
	h->made += strstr(sentence, "is made:") != NULL;
}

static err open_set(derived **out, const seeded_keyset *set, heard *h)
{
	const derived_news news = { h, hear };
	return derived_open(out, t.folder, &t.digest, set, PARTS, EXACT, NULL, NULL, &news);
}

/* The keys do what those of memory do. */
static void assert_same_keys(const eval_keys *a, const eval_keys *b)
{
	const lat_params *p = a->params;
	uint32_t *switched = calloc((size_t)p->comp.k * p->comp.N + 1, sizeof *switched), *small = calloc(p->n + 1, sizeof *small);
	uint64_t *lut = calloc(p->N, sizeof *lut), *out = calloc(2 * (p->k * p->N + 1), sizeof *out);
	u128 *wide = calloc(p->sns.N, sizeof *wide), *squashed = calloc(2 * (p->sns.k * p->sns.N + 1), sizeof *squashed);
	const unsigned dim = p->k * p->N, sns = p->sns.k * p->sns.N;

	assert_non_null(squashed);
	assert_memory_equal(a->rows[PART_KSK].w64, b->rows[PART_KSK].w64, part_mask_bytes(a->rows[PART_KSK].shape) +
	                    part_body_bytes(a->rows[PART_KSK].shape));
	for (unsigned i = 0; i < p->comp.k * p->comp.N; i += 16) switched[i] = i + 1;
	for (unsigned i = 0; i < p->n; i++) small[i] = i + 1;
	for (unsigned i = 0; i < p->N; i++) lut[i] = i * (uint64_t)0x9e3779b97f4a7c15;
	for (unsigned i = 0; i < p->sns.N; i++) wide[i] = (u128)i << 120;
	const eval_keys *const keys[2] = { a, b };
	for (unsigned i = 0; i < 2; i++) {
		assert_ok(boot_rotate64((lwe64_run){ 1, dim, out + i * (dim + 1) }, keys[i]->boot[PART_DECOMP_BSK], switched, lut, NULL));
		assert_ok(boot_rotate128((lwe128_run){ 1, sns, squashed + i * (sns + 1) }, keys[i]->boot[PART_SNS_BSK], small, wide,
		                         NULL));
	}
	assert_memory_equal(out, out + dim + 1, (dim + 1) * sizeof *out);
	assert_memory_equal(squashed, squashed + sns + 1, (sns + 1) * sizeof *squashed);
	free(switched), free(small), free(lut), free(out), free(wide), free(squashed);
}

static void a_file_holds_the_keys_that_memory_would(void **state)
{
	(void)state;
	const seeded_keyset *const sets[] = { &t.test, &t.mini };

	for (size_t i = 0; i < COUNT(sets); i++) {
		heard h = { 0 };
		derived *d;
		eval_keys keys;
		struct stat s;

		empty_folder();
		assert_ok(open_set(&d, sets[i], &h));
		assert_int_equal(h.made, 1);
		assert_int_equal(files_ending(".keys", t.path), 1);
		assert_int_equal(files_ending(".unfinished", NULL), 0);
		assert_int_equal(stat(t.path, &s), 0);
		assert_int_equal(s.st_size, derived_bytes(sets[i]->params, PARTS, EXACT));
		assert_ok(eval_keys_new(&keys, sets[i], PARTS, EXACT, NULL, NULL));
		assert_same_keys(derived_keys(d), &keys);
		/* Pages that were small when this was said may be huge by now. */
		assert_true(memory_is_huge(derived_keys(d)->rows[PART_KSK].w64) || strstr(h.text, "small pages"));
		derived_close(&d);
		assert_ok(open_set(&d, sets[i], &h));
		assert_int_equal(h.made, 1);
		assert_same_keys(derived_keys(d), &keys);
		derived_close(&d);
		assert_null(d);
		eval_keys_free(&keys);
	}
}

/* ---- what is wrong with a file ----------------------------------------------------------------------------------- */

static void fresh(void)
{
	heard h = { 0 };
	derived *d;

	empty_folder();
	assert_ok(open_set(&d, &t.test, &h));
	derived_close(&d);
	assert_int_equal(files_ending(".keys", t.path), 1);
}

/* The file is noticed, said with `words`, and made anew, so that the next one says nothing. */
static void assert_replaced(const seeded_keyset *set, const char *words)
{
	heard h = { 0 }, again = { 0 };
	derived *d;

	assert_ok(open_set(&d, set, &h));
	derived_close(&d);
	if (h.made != 1 || !strstr(h.text, words)) print_error("expected \"%s\", heard: %s\n", words, h.text);
	assert_int_equal(h.made, 1);
	assert_non_null(strstr(h.text, words));
	assert_ok(open_set(&d, set, &again));
	derived_close(&d);
	assert_int_equal(again.made, 0);
}

static void flip(off_t at, uint8_t bit)
{
	const int fd = open(t.path, O_RDWR);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= bit;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void a_flipped_bit_anywhere_is_noticed_and_repaired(void **state)
{
	(void)state;
	const off_t keys = DERIVED_HEADER, ksk = 256 * 2 * 8;
	static const off_t header[] = { 0, 5, 8, 12, 16, 47, 48, 90, 200, 300 };

	fresh();
	for (size_t i = 0; i < COUNT(header); i++) {
		flip(header[i], 1);
		assert_replaced(&t.test, t.path);
	}
	for (unsigned i = 0; i < 8; i++) {
		flip(keys + (off_t)test_below((uint64_t)ksk), (uint8_t)(1 << i));
		assert_replaced(&t.test, "changed bytes in a 64-bit key");
	}
}

/* The key of the mini set has check values besides; the last bytes of the last part are some. */
static void flipped_bits_in_prepared_limbs_and_their_checks_are_noticed(void **state)
{
	(void)state;
	heard h = { 0 };
	derived *d;

	empty_folder();
	assert_ok(open_set(&d, &t.mini, &h));
	assert_int_equal(files_ending(".keys", t.path), 1);
	derived_close(&d);

	/* From the end backwards: padding, which nobody reads, then check values of the squash key, then limbs. */
	AUTO(buf) file = { 0 };
	assert_ok(file_read(&file, t.path, (size_t)1 << 30));
	size_t end = file.n;
	while (file.p[end - 1] == 0) end--;
	flip((off_t)end - 1, 0x10);
	assert_replaced(&t.mini, "changed bytes in the squash key");
	flip((off_t)end - (64 << 10), 0x10);
	assert_replaced(&t.mini, "changed bytes in the squash key");
}

static void a_file_of_another_length_is_noticed_and_repaired(void **state)
{
	(void)state;
	struct stat s;

	fresh();
	assert_int_equal(stat(t.path, &s), 0);
	const off_t lengths[] = { 0, 1, 4096, DERIVED_HEADER, s.st_size / 2, s.st_size - 1, s.st_size + 1 };
	for (size_t i = 0; i < COUNT(lengths); i++) {
		assert_int_equal(truncate(t.path, lengths[i]), 0);
		assert_replaced(&t.test, "another size");
	}
}

static void a_file_of_another_version_is_noticed_and_repaired(void **state)
{
	(void)state;
	fresh();
	flip(8, DERIVED_VERSION ^ (DERIVED_VERSION + 1));
	assert_replaced(&t.test, "of another version");
}

/* Same name, same length, everything consistent in itself: what it was made from decides. */
static void keys_of_another_set_are_noticed_and_replaced(void **state)
{
	(void)state;
	fresh();
	assert_replaced(&t.other, "prepares keys in another way");
}

/* Whole and well made, and of a key set with another digest. */
static void a_file_under_another_name_is_noticed_and_replaced(void **state)
{
	(void)state;
	const hash32 digest = t.digest;
	char name[PATH_MAX];

	fresh();
	snprintf(name, sizeof name, "%s", t.path);
	t.digest = sha256(slice_str("another key set"));
	fresh();
	assert_int_equal(rename(t.path, name), 0);
	t.digest = digest;
	assert_replaced(&t.test, "from another key set");
}

static void a_file_that_others_can_write_to_is_not_believed(void **state)
{
	(void)state;
	fresh();
	assert_int_equal(chmod(t.path, 0664), 0);
	assert_replaced(&t.test, "written to by others");
}

static void a_folder_in_the_place_of_the_file_is_an_error(void **state)
{
	(void)state;
	heard h = { 0 };
	derived *d = NULL;

	fresh();
	assert_int_equal(unlink(t.path), 0);
	assert_int_equal(mkdir(t.path, 0700), 0);
	assert_err(ERR_IO, open_set(&d, &t.test, &h));
	assert_null(d);
	assert_int_equal(rmdir(t.path), 0);
}

static void a_key_set_without_a_part_is_refused(void **state)
{
	(void)state;
	seeded_keyset set = t.test;
	heard h = { 0 };
	derived *d = NULL;

	set.part[PART_SNS_BSK].bodies.n = 0;
	assert_err(ERR_REQUEST, open_set(&d, &set, &h));
	assert_null(d);
}

/* ---- crashes, neighbours, limits --------------------------------------------------------------------------------- */

static void die(void *ctx, uint64_t done, uint64_t of)
{
	if (done * 100 >= of * *(const uint64_t *)ctx) raise(SIGKILL);
}

/* Killed at the first piece, in the middle, and after the last. */
static void a_crash_leaves_nothing_that_could_be_taken_for_a_key(void **state)
{
	(void)state;
	static uint64_t percent[] = { 0, 30, 60, 100 };

	for (size_t i = 0; i < COUNT(percent); i++) {
		heard h = { 0 };
		derived *d;
		int status;

		empty_folder();
		const pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			const progress told = { &percent[i], die };
			derived *mine;
			(void)!derived_open(&mine, t.folder, &t.digest, &t.mini, PARTS, EXACT, NULL, &told, NULL);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(files_ending(".keys", NULL), 0);
		assert_int_equal(files_ending(".unfinished", NULL), 1);
		assert_ok(open_set(&d, &t.test, &h));                 /* also of another key */
		derived_close(&d);
		assert_int_equal(files_ending(".unfinished", NULL), 0);
	}
}

static void of_four_processes_that_start_together_one_makes_the_file(void **state)
{
	(void)state;
	enum { PROCESSES = 4 };
	pid_t child[PROCESSES];
	int made[2];
	uint8_t count;
	unsigned all = 0;

	empty_folder();
	assert_int_equal(pipe(made), 0);
	for (unsigned i = 0; i < PROCESSES; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] != 0) continue;
		heard h = { 0 };
		derived *d = NULL;
		const bool ok = open_set(&d, &t.mini, &h) == OK && derived_keys(d)->boot[PART_SNS_BSK];
		count = (uint8_t)h.made;
		const bool told = write(made[1], &count, 1) == 1;
		derived_close(&d);
		_exit(ok && told ? 0 : 1);
	}
	for (unsigned i = 0; i < PROCESSES; i++) {
		int status;
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		assert_int_equal(read(made[0], &count, 1), 1);
		all += count;
	}
	close(made[0]);
	close(made[1]);
	assert_int_equal(all, 1);
	assert_int_equal(files_ending(".keys", NULL), 1);
	assert_int_equal(files_ending(".unfinished", NULL), 0);
}

/* A limit on the size of files does what a full disk does. */
static void no_room_is_a_sentence_and_leaves_nothing(void **state)
{
	(void)state;
	struct rlimit was, small;
	heard h = { 0 };
	derived *d = NULL;

	empty_folder();
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 1 << 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	err e = open_set(&d, &t.test, &h);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_err(ERR_IO, e);
	assert_null(d);
	assert_int_equal(files_ending(".keys", NULL), 0);
	assert_int_equal(files_ending(".unfinished", NULL), 0);
}

/* Production's key does not fit beside the rest of this process: said before a byte is reserved. */
static void too_little_memory_is_said_with_the_number(void **state)
{
	(void)state;
	static const uint8_t nothing[1];
	seeded_keyset set = { .params = &PARAMS_DEFAULT };
	struct rlimit was, small;
	heard h = { 0 };
	derived *d = NULL;

	empty_folder();
	for (key_part part = 0; part < KEY_PARTS; part++)
		set.part[part].bodies = slice_of(nothing, part_body_bytes(part_shape_of(&PARAMS_DEFAULT, part)));
	assert_int_equal(getrlimit(RLIMIT_AS, &was), 0);
	small = was;
	small.rlim_cur = (rlim_t)2000 << 20;
	assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
	err e = open_set(&d, &set, &h);
	assert_int_equal(setrlimit(RLIMIT_AS, &was), 0);
	assert_int_equal(e, ERR_NOMEM);
	char number[32];
	snprintf(number, sizeof number, "needs %zu MB", derived_bytes(&PARAMS_DEFAULT, PARTS, EXACT) / 1000000);
	assert_non_null(strstr(err_text(), number));
	err_clear();
	assert_int_equal(files_ending(".unfinished", NULL), 0);
}

/* A file of no key goes, one in use when it is closed; what only looks like one stays. */
static void tidying_removes_the_files_of_keys_that_are_gone(void **state)
{
	(void)state;
	static const char *const strangers[] = { "lock", "notes.keys", "0123456789abcdef0123456789abcdeg-4c-words-1.keys" };
	const hash32 gone = sha256(slice_str("another key set"));
	char path[PATH_MAX];
	heard h = { 0 };
	derived *d;

	empty_folder();
	assert_ok(open_set(&d, &t.test, &h));
	derived_tidy(t.folder, &t.digest, 1, NULL);
	derived_close(&d);
	for (size_t i = 1; i < COUNT(strangers); i++) {
		snprintf(path, sizeof path, "%s/%s", t.folder, strangers[i]);
		const int fd = open(path, O_CREAT | O_WRONLY, 0600);
		assert_true(fd >= 0 && close(fd) == 0);
	}
	derived_tidy(t.folder, &t.digest, 1, NULL);
	assert_int_equal(files_ending(".keys", NULL), COUNT(strangers));

	h = (heard){ 0 };
	assert_ok(open_set(&d, &t.test, &h));
	assert_int_equal(h.made, 0);
	derived_tidy(t.folder, &gone, 1, &(derived_news){ &h, hear });
	assert_int_equal(files_ending(".keys", NULL), COUNT(strangers));
	derived_close(&d);
	derived_tidy(t.folder, &gone, 1, &(derived_news){ &h, hear });
	assert_int_equal(files_ending(".keys", NULL), COUNT(strangers) - 1);
	assert_non_null(strstr(h.text, "belonged to a key that is gone"));
	derived_tidy("/nowhere", &gone, 1, NULL);
}

static const struct CMUnitTest tests[] = {
	TEST(a_file_holds_the_keys_that_memory_would),
	TEST(tidying_removes_the_files_of_keys_that_are_gone),
	TEST(a_flipped_bit_anywhere_is_noticed_and_repaired),
	TEST(flipped_bits_in_prepared_limbs_and_their_checks_are_noticed),
	TEST(a_file_of_another_length_is_noticed_and_repaired),
	TEST(a_file_of_another_version_is_noticed_and_repaired),
	TEST(keys_of_another_set_are_noticed_and_replaced),
	TEST(a_file_under_another_name_is_noticed_and_replaced),
	TEST(a_file_that_others_can_write_to_is_not_believed),
	TEST(a_folder_in_the_place_of_the_file_is_an_error),
	TEST(a_key_set_without_a_part_is_refused),
	TEST(a_crash_leaves_nothing_that_could_be_taken_for_a_key),
	TEST(of_four_processes_that_start_together_one_makes_the_file),
	TEST(no_room_is_a_sentence_and_leaves_nothing),
	TEST(too_little_memory_is_said_with_the_number),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
