/* SPDX-License-Identifier: MIT */
/*
 * Four nodes on one machine, mini parameters, values in the small formats: squashed by every node on its own, with keys that
 * one of them prepared and all of them map; or as on processors that are not alike.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cpu.h"
#include "tests/node/cluster.h"
#include "tests/node/samples.h"

enum { N = 4, T = 1, TIMEOUT_S = 20, MINI = 1000, VALUES = 3 };

static struct world {
	void *top;
	test_cluster c;
	plaintext value[VALUES];
	buf  file[CT_FORMATS][VALUES];
	char prepared[512];                  /* the file of keys */
} w;

static const int TYPES[VALUES] = { FHE_BOOL, FHE_UINT8, FHE_UINT32 };

static err keep(void *ctx, size_t i, const fhe_type *type, slice file)
{
	buf *to = ctx;
	assert_int_equal(type->number, TYPES[i]);
	buf_put_slice(&to[i], file);
	return OK;
}

static void make_values(void)
{
	buf pk = published_by(&w.c.node[1], "PublicKey", &w.c.key), keyset = published_by(&w.c.node[1], "CompressedXofKeySet", &w.c.key);
	const unsigned formats = FORMAT_BIT(SMALL_EXPANDED) | FORMAT_BIT(SMALL_COMPRESSED);
	seeded_keyset set;
	coprocessor c;
	slice tag;
	buf list = { 0 };

	for (size_t i = 0; i < VALUES; i++) {
		w.value[i].type = fhe_type_by_number_var(TYPES[i]);
		rng_fill(test_rng(), w.value[i].bytes, w.value[i].type->bytes);
		if (TYPES[i] == FHE_BOOL) w.value[i].bytes[0] &= 1;
	}
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&keyset)));
	assert_ok(tkms_encrypt(&list, buf_slice(&pk), w.value, VALUES, test_rng()));
	assert_ok(coprocessor_new(&c, &set, formats, NULL, NULL));
	assert_ok(coprocess_list(&c, NULL, buf_slice(&list), SMALL_EXPANDED, keep, w.file[SMALL_EXPANDED]));
	assert_ok(coprocess_list(&c, NULL, buf_slice(&list), SMALL_COMPRESSED, keep, w.file[SMALL_COMPRESSED]));
	coprocessor_free(&c);
	buf_free(&list), buf_free(&pk), buf_free(&keyset);
}

static int set_up(void **state)
{
	(void)state;
	const id32 epoch = {{ 8, [31] = 1 }};
	if (folder_make(&w.top)) return -1;
	cluster_make(&w.c, w.top, N, T, TIMEOUT_S);
	cluster_start_all(&w.c);
	cluster_wait_linked(&w.c);
	cluster_new_epoch(&w.c, &epoch);
	cluster_new_key(&w.c, &w.c.prep, &w.c.key, MINI);
	make_values();
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < VALUES; i++) buf_free(&w.file[SMALL_EXPANDED][i]), buf_free(&w.file[SMALL_COMPRESSED][i]);
	cluster_unmake(&w.c);
	return folder_remove(&w.top);
}

/* ---- all nodes are asked, all answer, and rightly --------------------------------------------------------------------- */

static void check_plaintexts(slice response, size_t values)
{
	arena a = arena_with_limit(PB_ROOM(response.n));
	Kms__V1__PublicDecryptionResponse *m;

	assert_ok(pb_unpack(&a, &m, &kms__v1__public_decryption_response__descriptor, response));
	assert_int_equal(m->payload->n_plaintexts, values);
	for (size_t i = 0; i < values; i++) {
		const Kms__V1__TypedPlaintext *p = m->payload->plaintexts[i];
		assert_int_equal(p->bytes.len, w.value[i].type->bytes);
		assert_memory_equal(p->bytes.data, w.value[i].bytes, p->bytes.len);
	}
	arena_free(&a);
}

/* For the first so many values. */
static id32 ask_everybody(ct_format format, size_t values)
{
	static const uint8_t handle[32] = { 7 };
	const id32 id = fresh_id(1);
	client_item item[VALUES];

	for (size_t i = 0; i < values; i++) item[i] = (client_item){ TYPES[i], format, buf_slice(&w.file[format][i]), slice_of(handle, 32 - i) };
	for (party p = 1; p <= N; p++) {
		buf empty = { 0 };
		assert_int_equal(public_decrypt(&w.c.node[p], &empty, "PublicDecrypt", &id, &w.c.key, item, values), GRPC_OK);
		buf_free(&empty);
	}
	return id;
}

static void answers_rightly(party p, const id32 *id, size_t values)
{
	buf response = { 0 };
	grpc_status s = get_result(&w.c.node[p], &response, "GetPublicDecryptionResult", id);

	if (s != GRPC_OK) print_error("node %u: %s\n", p, client_said.message);
	assert_int_equal(s, GRPC_OK);
	check_plaintexts(buf_slice(&response), values);
	buf_free(&response);
}

static void everybody_decrypts(ct_format format)
{
	const id32 id = ask_everybody(format, VALUES);
	for (party p = 1; p <= N; p++) answers_rightly(p, &id, VALUES);
}

static unsigned prepared_files(void)
{
	char folder[400];
	unsigned n = 0;

	snprintf(folder, sizeof folder, "%s/../derived", w.c.folder[1]);
	DIR *d = opendir(folder);
	if (!d) return 0;
	for (struct dirent *f; (f = readdir(d)); ) {
		const size_t length = strlen(f->d_name);
		if (f->d_name[0] == '.' || strcmp(f->d_name, "lock") == 0) continue;
		assert_true(length > 5 && strcmp(f->d_name + length - 5, ".keys") == 0);
		snprintf(w.prepared, sizeof w.prepared, "%s/%s", folder, f->d_name);
		n++;
	}
	closedir(d);
	return n;
}

/* Does the process have the file mapped? */
static bool maps(const child *c, const struct stat *file)
{
	char path[64], line[1024], inode[32];
	bool found = false;

	snprintf(path, sizeof path, "/proc/%d/maps", (int)c->pid);
	snprintf(inode, sizeof inode, " %ju ", (uintmax_t)file->st_ino);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) found = found || (strstr(line, inode) && strstr(line, ".keys"));
	fclose(f);
	return found;
}

static unsigned how_many_logged(const char *what)
{
	unsigned n = 0;

	for (party p = 1; p <= N; p++) n += cluster_has_logged(&w.c, p, what);
	return n;
}

static void nodes_of_one_machine_share_the_keys_that_one_of_them_prepared(void **state)
{
	(void)state;
	struct stat file;

	assert_int_equal(prepared_files(), 0);                   /* nobody needed them yet */
	everybody_decrypts(SMALL_EXPANDED);
	everybody_decrypts(SMALL_COMPRESSED);
	assert_int_equal(prepared_files(), 1);
	assert_int_equal(stat(w.prepared, &file), 0);
	for (party p = 1; p <= N; p++) assert_true(maps(&w.c.node[p], &file));
	UNTIL(how_many_logged(".keys is made") > 0);
	assert_int_equal(how_many_logged(".keys is made"), 1);
}

static void flip_bit(const char *path, off_t at)
{
	const int fd = open(path, O_RDWR);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void prepared_keys_that_were_changed_are_noticed_and_made_anew(void **state)
{
	(void)state;
	struct stat before, after;

	for (party p = 1; p <= N; p++) assert_int_equal(cluster_stop(&w.c, p), 0);
	assert_int_equal(stat(w.prepared, &before), 0);
	flip_bit(w.prepared, before.st_size / 2);
	cluster_start_all(&w.c);
	cluster_wait_linked(&w.c);

	everybody_decrypts(SMALL_COMPRESSED);
	assert_int_equal(prepared_files(), 1);
	assert_int_equal(stat(w.prepared, &after), 0);
	assert_int_equal(after.st_size, before.st_size);
	assert_true(after.st_ino != before.st_ino || after.st_mtime != before.st_mtime);
	UNTIL(how_many_logged("it is made anew") > 0);
}

/* All nodes would map what it makes of it. */
static void a_published_set_that_changed_is_not_prepared(void **state)
{
	(void)state;
	char path[512], key[ID_TEXT];
	struct stat set;
	buf response = { 0 };

	for (party p = 1; p <= N; p++) assert_int_equal(cluster_stop(&w.c, p), 0);
	assert_int_equal(unlink(w.prepared), 0);
	cluster_start_all(&w.c);
	cluster_wait_linked(&w.c);
	id_text(key, &w.c.key);
	snprintf(path, sizeof path, "%s/PUB/CompressedXofKeySet/%s", w.c.folder[1], key);
	assert_int_equal(stat(path, &set), 0);
	flip_bit(path, set.st_size / 2);

	const id32 id = ask_everybody(SMALL_EXPANDED, VALUES);
	for (party p = 2; p <= N; p++) answers_rightly(p, &id, VALUES);
	assert_int_not_equal(get_result(&w.c.node[1], &response, "GetPublicDecryptionResult", &id), GRPC_OK);
	assert_non_null(strstr(client_said.message, "is not the one that was signed"));
	buf_free(&response);

	flip_bit(path, set.st_size / 2);
	everybody_decrypts(SMALL_EXPANDED);
	assert_int_equal(prepared_files(), 1);
}

/* Is there a file of keys for this kernel? */
static bool prepared_for(const char *kernel)
{
	char folder[400];
	bool found = false;

	snprintf(folder, sizeof folder, "%s/../derived", w.c.folder[1]);
	DIR *d = opendir(folder);
	assert_non_null(d);
	for (struct dirent *f; (f = readdir(d)); ) found = found || strstr(f->d_name, kernel);
	closedir(d);
	return found;
}

static void start_limited(party p, const char *cpu)
{
	assert_int_equal(cluster_stop(&w.c, p), 0);
	setenv("ARCA_CPU", cpu, 1);
	cluster_start(&w.c, p, NULL, NULL);
	unsetenv("ARCA_CPU");
}

/* A node answers only if what it squashed is what the others did, to the last bit. */
static void parties_on_different_processors_squash_alike(void **state)
{
	(void)state;
	start_limited(1, "portable");
	if (cpu_can(CPU_AVX2)) start_limited(2, "avx2");
	cluster_wait_linked(&w.c);

	const id32 id = ask_everybody(SMALL_COMPRESSED, 1);
	for (party p = 1; p <= N; p++) answers_rightly(p, &id, 1);
	assert_true(prepared_for("-limbs-portable-"));
	if (cpu_can(CPU_AVX2)) assert_true(prepared_for("-limbs-avx2-"));
}

static const struct CMUnitTest tests[] = {
	TEST(nodes_of_one_machine_share_the_keys_that_one_of_them_prepared),
	TEST(prepared_keys_that_were_changed_are_noticed_and_made_anew),
	TEST(a_published_set_that_changed_is_not_prepared),
	TEST(parties_on_different_processors_squash_alike),
};

int main(int argc, char **argv)
{
	setenv("ARCA_NODE__INTERNAL_CONFIG__CORE_DUMPS", "true", 1);         /* it looks into the memory of nodes */
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
