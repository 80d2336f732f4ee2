/* SPDX-License-Identifier: MIT */
#include "tests/node/shared_key.h"
#include "node/group_store.h"
#include "rpc/fetch.h"
#include <unistd.h>

shared_key shared_key_of(test_cluster *c, party i, unsigned chain_id)
{
	char url[100];
	buf text = { 0 };
	unsigned status = 0;
	shared_key s = { 0 };

	snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/public-key?chain_id=%u", c->node[i].http, chain_id);
	assert_ok(fetch_ask(&text, &status, url, NULL, NULL, 1 << 16, 60000));
	const char *epoch = strstr(buf_str(&text), "\"epoch\":"), *key = strstr(buf_str(&text), "\"publicKey\":");
	snprintf(s.said, sizeof s.said, "%.199s", buf_str(&text));
	s.there = status == 200 && epoch && key;
	if (s.there) {
		s.epoch = strtol(epoch + strlen("\"epoch\":"), NULL, 10);
		key = strstr(key, "0x");
		memcpy(s.key, key, 2 + 66);
	}
	buf_free(&text);
	return s;
}

shared_key shared_key_at(test_cluster *c, party i) { return shared_key_of(c, i, SHARED_KEY_CHAIN); }

bool shared_key_comes(char key[static 70], test_cluster *c, party_set who, unsigned chain_id, long least, unsigned seconds)
{
	enum { TURNS = 20, TURN_US = 1000000 / TURNS };

	FOR_EACH_IN(i, who) {
		shared_key s = shared_key_of(c, i, chain_id);
		for (unsigned k = 0; !s.there || s.epoch < least; k++) {
			if (k == TURNS * seconds) return false;
			usleep(TURN_US);                     /* it comes when it comes: there is nothing to wait on */
			s = shared_key_of(c, i, chain_id);
		}
		if (!key[0]) memcpy(key, s.key, sizeof s.key);
		assert_string_equal(s.key, key);
	}
	return true;
}

unsigned shared_key_files(const test_cluster *c, party i, const char *type)
{
	char command[500], line[32] = "";

	snprintf(command, sizeof command, "find %s/PRIV/%s -type f 2>/dev/null | wc -l", c->folder[i], type);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	pclose(f);
	return (unsigned)atoi(line);
}

bool shared_key_share_of(group_share *held, group_record *r, const test_cluster *c, party i, unsigned chain_id)
{
	static group_holding have;
	char folder[320], command[1000];
	AUTO(secp) *curve = NULL;
	vault *v = NULL;

	/* Of a copy: the vault is the node's alone while it runs. */
	snprintf(folder, sizeof folder, "%.299s.copy", c->folder[i]);
	snprintf(command, sizeof command, "rm -rf %s; cp -r %.299s/PRIV %s", folder, c->folder[i], folder);
	assert_int_equal(system(command), 0);
	assert_ok(secp_new(&curve, test_rng()));
	assert_ok(vault_open(&v, folder, folder));
	group_store g = { .vault = v, .curve = curve, .chain_id = chain_id };
	bool there = group_store_look(&have, &g) == OK && have.certified;
	if (there) {
		const hash32 digest = group_digest(&have.newest.key);
		there = group_store_load(&g, held, r, &digest) == OK;
	}
	err_clear();
	vault_free(&v);
	return there;
}

bool shared_key_share(group_share *held, group_record *r, const test_cluster *c, party i)
{
	return shared_key_share_of(held, r, c, i, SHARED_KEY_CHAIN);
}
