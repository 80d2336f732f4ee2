/* SPDX-License-Identifier: MIT */
/* Preprocessing on disk, whatever is done to the disk or to the process: it is found, and nothing serves twice. */
#include "tests/vault/spools.h"

static const id32 OTHER = {{ [0] = 8, [31] = 2 }};

/* ---- what is on the disk ----------------------------------------------------------------------------------------- */

static void the_key_is_on_the_disk_before_the_use_and_not_after_it(void **state)
{
	static const uint8_t zero[32];
	const char *held = below(state, "held");
	vault *v = open_vault(state);
	spool *s;

	make(v, &ONE);
	make(v, &TWO);
	assert_int_equal(link(below(state, KEY_OF), held), 0);                  /* as if somebody read the disk's blocks */
	buf before = test_read(held);
	assert_memory_not_equal(before.p + before.n - 32, zero, 32);
	assert_ok(spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	assert_int_equal(files_in(below(state, FOLDER_OF)), 2);                 /* those of the other one */
	assert_false(file_exists(below(state, KEY_OF)));
	assert_false(file_exists(below(state, KEY_OF ".spool")));
	assert_true(exists(v, &TWO));
	buf after = test_read(held);
	assert_int_equal(after.n, before.n);
	for (size_t i = 0; i < after.n; i++) assert_int_equal(after.p[i], 0);
	take_range(s, &SHAPE, 2, 0, 100, 100);
	spool_free(&s);
	buf_free(&before), buf_free(&after);
	assert_ok(spool_use(&s, v, &EPOCH, &TWO, &SHAPE));
	spool_free(&s);
	assert_int_equal(files_in(below(state, FOLDER_OF)), 0);
	vault_free(&v);
}

/* On the disk no sample stands in the clear, nor does the key stand in the file of the samples. */
static void samples_are_sealed(void **state)
{
	static uint8_t clear[64 * 100];
	vault *v = open_vault(state);

	make(v, &ONE);
	buf key = test_read(below(state, KEY_OF)), file = test_read(below(state, KEY_OF ".spool"));
	samples_of(clear, &SHAPE, 2, 5, 100);
	for (size_t at = 0; at + 16 <= sizeof clear; at += 16) assert_null(memmem(file.p, file.n, clear + at, 16));
	assert_null(memmem(file.p, file.n, key.p + key.n - 32, 32));
	assert_int_equal(size_of_file(below(state, KEY_OF)), key.n);
	buf_free(&key), buf_free(&file);
	vault_free(&v);
}

/* ---- whatever is done to it -------------------------------------------------------------------------------------- */

static void change_byte(const char *path, size_t at)
{
	uint8_t b;
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &b, 1, (off_t)at), 1);
	b ^= 0x10;
	assert_int_equal(pwrite(fd, &b, 1, (off_t)at), 1);
	close(fd);
}

static void a_changed_byte_of_the_key_or_of_the_header_is_found(void **state)
{
	static uint8_t bytes[SPOOL_SAMPLE];
	vault *v = open_vault(state);
	spool *s = NULL;

	make(v, &ONE);
	const char *key = below(state, KEY_OF);
	const size_t header = size_of_file(key) - 32;
	for (size_t at = 0; at < header; at++) {
		change_byte(key, at);
		assert_err(ERR_STATE, spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
		assert_null(s);
		change_byte(key, at);
	}
	assert_true(exists(v, &ONE));
	change_byte(key, header + 7);
	assert_ok(spool_use(&s, v, &EPOCH, &ONE, &SHAPE));                       /* a key looks like any other */
	assert_err(ERR_STATE, spool_take(s, 0, 0, 1, bytes));
	spool_free(&s);
	vault_free(&v);
}

static void a_changed_byte_of_a_record_is_found(void **state)
{
	static uint8_t bytes[SPOOL_RECORD * 64], zero[sizeof bytes];
	const char *file = below(state, KEY_OF ".spool");
	const size_t first = 10 * 32 + 16, second = first + 2 * (SPOOL_RECORD * 8 + 16);
	const size_t at[] = { second, second + SPOOL_RECORD * 64 - 1, second + SPOOL_RECORD * 64 + 15 };     /* begin, end, tag */
	vault *v = open_vault(state);
	spool *s = NULL;

	for (size_t i = 0; i < COUNT(at); i++) {
		make(v, &ONE);
		change_byte(file, at[i]);
		assert_ok(spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
		assert_err(ERR_STATE, spool_take(s, 2, 0, SPOOL_RECORD, bytes));
		assert_memory_equal(bytes, zero, sizeof bytes);
		take_range(s, &SHAPE, 2, SPOOL_RECORD, LARGEST, LARGEST);            /* the others are what they were */
		take_range(s, &SHAPE, 1, 0, 2 * SPOOL_RECORD, LARGEST);
		spool_free(&s);
	}
	vault_free(&v);
}

/* Records of one length in each other's places; the whole file of another spool; a file cut short. */
static void records_in_other_places_are_found(void **state)
{
	const size_t n = SPOOL_RECORD * 8 + 16, at = 10 * 32 + 16;
	static uint8_t bytes[SPOOL_SAMPLE];
	const char *file = below(state, KEY_OF ".spool");
	vault *v = open_vault(state);
	spool *s = NULL;

	make(v, &ONE);
	buf b = test_read(file);
	buf swapped = { 0 };
	buf_put(&swapped, b.p, at), buf_put(&swapped, b.p + at + n, n), buf_put(&swapped, b.p + at, n);
	buf_put(&swapped, b.p + at + 2 * n, b.n - at - 2 * n);
	assert_ok(file_write_atomic(file, buf_slice(&swapped), 0600));
	assert_ok(spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	assert_err(ERR_STATE, spool_take(s, 1, 0, 1, bytes));
	assert_err(ERR_STATE, spool_take(s, 1, SPOOL_RECORD, 1, bytes));
	take_range(s, &SHAPE, 0, 0, 10, 10);
	spool_free(&s);

	make(v, &ONE);
	assert_ok(file_write_atomic(file, buf_slice(&b), 0600));                 /* of the spool before */
	assert_ok(spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	assert_err(ERR_STATE, spool_take(s, 1, 0, 1, bytes));
	spool_free(&s);

	make(v, &ONE);
	assert_int_equal(truncate(file, (off_t)b.n - 1), 0);
	assert_err(ERR_STATE, spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	assert_int_equal(unlink(file), 0);
	assert_false(exists(v, &ONE));
	assert_err(ERR_STATE, spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	assert_ok(spool_clean(v));
	assert_int_equal(files_in(below(state, FOLDER_OF)), 0);
	buf_free(&b), buf_free(&swapped);
	vault_free(&v);
}

static void what_was_made_for_something_else_is_refused_and_stays(void **state)
{
	vault *v = open_vault(state);
	spool *s = NULL;
	spool_shape other = SHAPE;

	make(v, &ONE);
	other.tag = slice_str("a key of others");
	assert_err(ERR_STATE, spool_use(&s, v, &EPOCH, &ONE, &other));
	other.tag = (slice){ 0 };
	assert_err(ERR_STATE, spool_use(&s, v, &EPOCH, &ONE, &other));
	other = SHAPE, other.stream[0].samples++;
	assert_err(ERR_STATE, spool_use(&s, v, &EPOCH, &ONE, &other));
	other = SHAPE, other.stream[3].bytes = 8;
	assert_err(ERR_STATE, spool_use(&s, v, &EPOCH, &ONE, &other));
	other = SHAPE, other.streams--;
	assert_err(ERR_STATE, spool_use(&s, v, &EPOCH, &ONE, &other));
	assert_err(ERR_NOT_FOUND, spool_use(&s, v, &EPOCH, &TWO, &SHAPE));
	assert_err(ERR_NOT_FOUND, spool_use(&s, v, &OTHER, &ONE, &SHAPE));
	assert_ok(spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	take_range(s, &SHAPE, 4, 0, 100, 7);
	spool_free(&s);

	/* Under another name it is another's. */
	make(v, &ONE);
	assert_int_equal(rename(below(state, KEY_OF), below(state, SECOND_OF)), 0);
	assert_int_equal(rename(below(state, KEY_OF ".spool"), below(state, SECOND_OF ".spool")), 0);
	assert_err(ERR_STATE, spool_use(&s, v, &EPOCH, &TWO, &SHAPE));
	vault_free(&v);
}

/* ---- crashes and removal ----------------------------------------------------------------------------------------- */

static void in_a_child(void **state, void (*f)(void **))
{
	int how;
	const pid_t child = fork();

	if (child == 0) {
		f(state);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

static void use_and_die(void **state)
{
	vault *v = open_vault_or_exit(state);
	spool *s;
	uint8_t bytes[64];

	if (spool_use(&s, v, &EPOCH, &ONE, &SHAPE) != OK || spool_take(s, 2, 0, 1, bytes) != OK) _exit(1);
}

static void nothing_of_it_serves_after_a_crash_in_the_middle_of_its_use(void **state)
{
	vault *v = open_vault(state);
	spool *s = NULL;

	make(v, &ONE);
	vault_free(&v);
	in_a_child(state, use_and_die);
	v = open_vault(state);
	assert_false(exists(v, &ONE));
	assert_err(ERR_NOT_FOUND, spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	assert_ok(spool_clean(v));
	assert_int_equal(files_in(below(state, FOLDER_OF)), 0);
	make(v, &ONE);                                       /* the id is free again */
	vault_free(&v);
}

/* What a crash leaves between the steps of a use, made by hand. */
static void a_crash_between_the_steps_of_a_use_leaves_nothing_that_opens(void **state)
{
	vault *v = open_vault(state);
	spool *s = NULL;

	make(v, &ONE);
	buf key = test_read(below(state, KEY_OF));
	assert_ok(vault_remove_private(v, PRIV_PREPROCESSING, &EPOCH, &ONE));
	assert_false(exists(v, &ONE));
	assert_err(ERR_NOT_FOUND, spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	assert_err(ERR_EXISTS, spool_new(&s, v, &EPOCH, &ONE, &SHAPE, test_rng()));
	assert_int_equal(files_in(below(state, FOLDER_OF)), 1);
	buf left = test_read(below(state, KEY_OF ".spool"));
	assert_null(memmem(left.p, left.n, key.p + key.n - 32, 32));
	assert_ok(spool_clean(v));
	assert_int_equal(files_in(below(state, FOLDER_OF)), 0);
	buf_free(&key), buf_free(&left);
	vault_free(&v);
}

/* A byte for each put, too. */
static void write_spools(void **state, unsigned round, int end)
{
	static uint8_t bytes[LARGEST * SPOOL_SAMPLE];
	vault *v = open_vault_or_exit(state);
	spool *s;

	(void)round;
	for (id32 id = ONE;; id.b[30]++) {
		if (spool_new(&s, v, &EPOCH, &id, &SHAPE, test_rng()) != OK) _exit(1);
		for (unsigned i = 0; i < SHAPE.streams; i++) {
			samples_of(bytes, &SHAPE, i, 0, SHAPE.stream[i].samples);
			if (spool_put(s, i, 0, SHAPE.stream[i].samples, bytes) != OK || write(end, "", 1) != 1) _exit(1);
		}
		if (spool_finish(s) != OK || write(end, "", 1) != 1) _exit(1);
		spool_free(&s);
	}
}

/* Killed anywhere: what is said to be there afterwards is whole, and what is not whole is taken away. */
static void a_killed_writer_leaves_whole_ones_and_what_is_cleaned_away(void **state)
{
	enum { ROUNDS = 20, MOST = 20 };
	unsigned unfinished = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		kill_while(state, write_spools, round, MOST);
		vault *v = open_vault(state);
		id32 *ids;
		size_t n;
		assert_ok(vault_list_private(&ids, &n, v, PRIV_PREPROCESSING, &EPOCH));
		unfinished += files_in(below(state, FOLDER_OF)) - 2 * (unsigned)n;
		assert_ok(spool_clean(v));
		assert_int_equal(files_in(below(state, FOLDER_OF)), 2 * n);
		for (size_t i = 0; i < n; i++) {
			spool *s = NULL;
			assert_ok(spool_use(&s, v, &EPOCH, &ids[i], &SHAPE));
			for (unsigned k = 0; k < SHAPE.streams; k++) take_range(s, &SHAPE, k, 0, SHAPE.stream[k].samples, LARGEST);
			spool_free(&s);
		}
		free(ids);
		assert_int_equal(files_in(below(state, FOLDER_OF)), 0);
		vault_free(&v);
	}
	assert_true(unfinished > 0);
}

static void cleaning_takes_what_has_no_key_and_nothing_else(void **state)
{
	vault *v = open_vault(state);
	const char *orphan = below(state, SECOND_OF ".spool");
	const char *foreign = below(state, FOLDER_OF "/notes.spool");

	assert_ok(spool_clean(v));
	make(v, &ONE);
	assert_ok(file_write_atomic(orphan, slice_str("half a spool"), 0600));
	assert_ok(file_write_atomic(foreign, slice_str("somebody's"), 0600));
	assert_ok(spool_clean(v));
	assert_false(file_exists(orphan));
	assert_true(file_exists(foreign));
	assert_true(exists(v, &ONE));
	vault_free(&v);
}

static void removal_takes_the_key_and_the_samples_of_one_or_of_an_epoch(void **state)
{
	vault *v = open_vault(state);
	spool *s;
	bool there, fresh;

	assert_ok(spool_remove(v, &EPOCH, &ONE));
	assert_ok(spool_remove_epoch(v, &EPOCH));
	assert_ok(vault_is_fresh(&fresh, v));
	assert_true(fresh);
	make(v, &ONE);
	make(v, &TWO);
	assert_ok(vault_is_fresh(&fresh, v));
	assert_false(fresh);
	assert_ok(spool_new(&s, v, &OTHER, &ONE, &SHAPE, test_rng()));
	fill(s, LARGEST);
	assert_ok(spool_finish(s));
	spool_free(&s);
	assert_ok(spool_remove(v, &EPOCH, &ONE));
	assert_false(exists(v, &ONE));
	assert_true(exists(v, &TWO));
	make(v, &ONE);
	assert_ok(spool_remove_epoch(v, &EPOCH));
	assert_int_equal(files_in(below(state, FOLDER_OF)), 0);
	assert_ok(spool_exists(&there, v, &OTHER, &ONE));
	assert_true(there);
	assert_ok(spool_remove_epoch(v, &OTHER));
	assert_ok(vault_is_fresh(&fresh, v));
	assert_true(fresh);
	vault_free(&v);
}

/* Of the names in the folder, the vault lists the keys alone. */
static void the_vault_lists_ids_and_not_files_of_samples(void **state)
{
	vault *v = open_vault(state);
	id32 *ids;
	size_t n;

	make(v, &TWO);
	make(v, &ONE);
	assert_string_equal(priv_type_name(PRIV_PREPROCESSING), "Preprocessing");
	assert_ok(vault_list_private(&ids, &n, v, PRIV_PREPROCESSING, &EPOCH));
	assert_int_equal(n, 2);
	assert_true(id_eq_var(&ids[0], &ONE) && id_eq_var(&ids[1], &TWO));
	free(ids);
	vault_free(&v);
}

TESTS(TEST_IN_FOLDER(the_key_is_on_the_disk_before_the_use_and_not_after_it), TEST_IN_FOLDER(samples_are_sealed),
      TEST_IN_FOLDER(a_changed_byte_of_the_key_or_of_the_header_is_found),
      TEST_IN_FOLDER(a_changed_byte_of_a_record_is_found), TEST_IN_FOLDER(records_in_other_places_are_found),
      TEST_IN_FOLDER(what_was_made_for_something_else_is_refused_and_stays),
      TEST_IN_FOLDER(nothing_of_it_serves_after_a_crash_in_the_middle_of_its_use),
      TEST_IN_FOLDER(a_crash_between_the_steps_of_a_use_leaves_nothing_that_opens),
      TEST_IN_FOLDER(a_killed_writer_leaves_whole_ones_and_what_is_cleaned_away),
      TEST_IN_FOLDER(cleaning_takes_what_has_no_key_and_nothing_else),
      TEST_IN_FOLDER(removal_takes_the_key_and_the_samples_of_one_or_of_an_epoch),
      TEST_IN_FOLDER(the_vault_lists_ids_and_not_files_of_samples))
