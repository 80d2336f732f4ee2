/* SPDX-License-Identifier: MIT */
/* node/config_check.c -- the file, what spans several keys, and then every file and folder that is named. */
#include "node/config_check.h"
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include "aws/credentials.h"
#include "base/file.h"
#include "delegate/key_eraser.h"
#include "delegate/whole_key.h"
#include "evm/address.h"
#include "rpc/certs.h"
#include "rpc/tls.h"
#include "vault/vault.h"
#include "vault/vault_key.h"

enum { OTHERS = 077, SOON_S = 30 * 24 * 3600, DAY_S = 24 * 3600, MAX_PATH = 4096 };

typedef struct checking {
	config_findings *out;
	const config_source *from;
	const node_config *c;
} checking;

/* ---- findings -------------------------------------------------------------------------------------------------- */

static config_finding *next(config_findings *out, bool doubtful)
{
	static config_finding beyond;            /* written, never read: those that are only counted */

	out->wrong += !doubtful;
	config_finding *f = out->n < MAX_FINDINGS ? &out->of[out->n] : &beyond;
	out->n++;
	*f = (config_finding){ .doubtful = doubtful };
	return f;
}

/* The thread's error about this key, in that table of a list (from 1; 0: in none); its sentence is used up. */
__attribute__((format(printf, 5, 6)))
static void found(const checking *k, const char *key, size_t row, bool doubtful, const char *remedy, ...)
{
	config_finding *f = next(k->out, doubtful);
	va_list list;

	config_find(&f->where, k->from->text, key, row);
	if (f->where.line) snprintf(f->what, sizeof f->what, "%s, line %u: %s", k->from->name, f->where.line, err_text());
	else snprintf(f->what, sizeof f->what, "%s: %s", k->from->name, err_text());
	va_start(list, remedy);
	vsnprintf(f->remedy, sizeof f->remedy, remedy, list);
	va_end(list);
	err_clear();
}

static void say(err e) { (void)e; }      /* the sentence is all that is wanted of it */

/* ---- a file that cannot be read ---------------------------------------------------------------------------------- */

typedef struct nearest { const checking *k; const char *word; char name[MAX_CONFIG_KEY]; size_t least; } nearest;

static void compare(void *ctx, const char *name)
{
	nearest *n = ctx;
	const size_t d = n->k->from->nearness(n->word, name);

	if (d >= n->least) return;
	n->least = d;
	snprintf(n->name, sizeof n->name, "%s", name);
}

static void refused(const checking *k, const config_place *where)
{
	config_finding *f = next(k->out, false);
	nearest near = { .k = k, .word = where->key, .least = SIZE_MAX };
	AUTO(buf) wanted = { 0 };

	f->where = *where;
	/* What spans several keys does not know of lines. */
	const bool told = strncmp(err_text(), k->from->name, strlen(k->from->name)) == 0;
	if (told) snprintf(f->what, sizeof f->what, "%s", err_text());
	else if (where->line) snprintf(f->what, sizeof f->what, "%s, line %u: %s", k->from->name, where->line, err_text());
	else snprintf(f->what, sizeof f->what, "%s: %s", k->from->name, err_text());
	err_clear();
	if (where->key[0]) node_config_names(compare, &near);
	if (node_config_explain(&wanted, where->key))
		snprintf(f->remedy, sizeof f->remedy, "%.120s: %.500s", where->key, buf_str(&wanted));
	else if (near.name[0]) snprintf(f->remedy, sizeof f->remedy, "did you mean %s?", near.name);
	else if (where->key[0]) snprintf(f->remedy, sizeof f->remedy, "remove it; 'arca-node --help' lists every key");
	else snprintf(f->remedy, sizeof f->remedy, "correct the line; texts stand in quotes, and sections in [brackets]");
}

/* ---- certificates ------------------------------------------------------------------------------------------------- */

/* True if it can be read and its owner alone may read it; otherwise the finding is made. */
static bool private_file(const checking *k, const char *path, const char *key, size_t row)
{
	struct stat s;

	if (stat(path, &s) || access(path, R_OK)) {
		say(err_fail(ERR_IO, "%s: %s", path, strerror(errno)));
		found(k, key, row, false, "put the file there, readable by the user that the node runs as");
		return false;
	}
	if (!(s.st_mode & OTHERS)) return true;
	say(err_fail(ERR_STATE, "%s is secret but has the permissions %03o", path, (unsigned)(s.st_mode & 0777)));
	found(k, key, row, false, "chmod go= '%s'", path);
	return false;
}

/* The name of the key that was given, with or without ".path". */
static const char *given(char out[static MAX_CONFIG_KEY], const char *key, const pem_config *p)
{
	snprintf(out, MAX_CONFIG_KEY, "%s%s", key, p->pem[0] ? "" : ".path");
	return out;
}

static void check_life(const checking *k, const certs_certificate *x, const char *key, size_t row, const char *who)
{
	int64_t from, until;

	certs_life(&from, &until, x);
	const int64_t now = k->from->now_s;
	if (now >= until) say(err_fail(ERR_STATE, "%s expired %jd days ago", who, (intmax_t)((now - until) / DAY_S)));
	else if (now < from) say(err_fail(ERR_STATE, "%s is not valid yet", who));
	else if (until - now < SOON_S)
		say(err_fail(ERR_STATE, "%s expires in %jd days", who, (intmax_t)((until - now) / DAY_S)));
	else return;
	found(k, key, row, now >= from && now < until,
	      now < from ? "compare the clock of this machine" : "make a new one: arca certs leaf --help");
}

static certs_certificate *read_authority(const checking *k, const peer_config *p, size_t row)
{
	char key[MAX_CONFIG_KEY], who[80];
	certs_certificate *ca = NULL;
	AUTO(buf) pem = { 0 };

	given(key, "threshold.peers.tls_cert", &p->tls_cert);
	snprintf(who, sizeof who, "the certificate of party %jd's authority", (intmax_t)p->party_id);
	err e = pem_config_read(&pem, &p->tls_cert, who);
	if (e == OK) e = certs_read_ca(&ca, who, buf_slice(&pem));
	if (e == OK) check_life(k, ca, key, row, who);
	else found(k, key, row, false, "get ca.pem of party %jd, which 'arca certs ca' made there", (intmax_t)p->party_id);
	return ca;
}

/* Would the parties take this node for the peer that it says it is? */
static void check_own(const checking *k, const certs_certificate *leaf, const char *key)
{
	char name[CERTS_NAME_MAX + 1];
	certs_certificate *ca = NULL;
	size_t i = 0;

	err e = certs_name(name, leaf);
	while (e == OK && i < peers_count(k->c) && strcmp(peer_identity(peer_at(k->c, i)), name)) i++;
	if (e == OK && i == peers_count(k->c))
		e = err_fail(ERR_REQUEST, "none of threshold.peers is called %s, as this certificate says", name);
	if (e != OK) {
		found(k, key, 0, false, "use the certificate of this party, or correct mpc_identity in threshold.peers");
		return;
	}
	const peer_config *me = peer_at(k->c, i);
	AUTO(buf) pem = { 0 };
	/* If the authority cannot be read that is a finding of its own. */
	if (pem_config_read(&pem, &me->tls_cert, "") == OK && certs_read_ca(&ca, "", buf_slice(&pem)) == OK &&
	    certs_check(leaf, ca, name, true, k->from->now_s * 1000) != OK)
		found(k, key, 0, false, "sign it by this party's authority: arca certs leaf --help");
	err_clear();
	certs_certificate_free(&ca);
	if (k->c->threshold.my_id && k->c->threshold.my_id != me->party_id) {
		say(err_fail(ERR_REQUEST, "my_id is %jd, but the certificate is that of party %jd", (intmax_t)k->c->threshold.my_id,
		             (intmax_t)me->party_id));
		found(k, "threshold.my_id", 0, false, "leave my_id out: the certificate tells who this node is");
	}
}

/* Is it the key of this certificate? */
static void check_key(const checking *k, slice certificate_pem)
{
	const pem_config *p = &k->c->threshold.tls.key;
	char key[MAX_CONFIG_KEY];
	AUTO(buf) pem = { 0 };
	tls *t = NULL;

	given(key, "threshold.tls.manual.key", p);
	err e = pem_config_read(&pem, p, "the node's key");
	if (e == OK) e = tls_new(&t, certificate_pem, buf_slice(&pem), "check");
	if (e != OK) found(k, key, 0, false, "give the key.pem that 'arca certs leaf' made together with this certificate");
	tls_free(&t);
}

static void check_links(const checking *k)
{
	const threshold_config *t = &k->c->threshold;
	char key[MAX_CONFIG_KEY];
	certs_certificate *leaf = NULL;
	AUTO(buf) pem = { 0 };

	for (size_t i = 0; i < peers_count(k->c); i++) {
		certs_certificate *ca = read_authority(k, peer_at(k->c, i), i + 1);
		certs_certificate_free(&ca);
	}
	given(key, "threshold.tls.manual.cert", &t->tls.cert);
	err e = pem_config_read(&pem, &t->tls.cert, "the node's certificate");
	if (e == OK) e = certs_read(&leaf, "the node's certificate", buf_slice(&pem));
	if (e != OK) found(k, key, 0, false, "make one: arca certs leaf --help");
	if (e == OK) check_life(k, leaf, key, 0, "the node's certificate");
	if (e == OK && peers_count(k->c)) check_own(k, leaf, key);
	certs_certificate_free(&leaf);
	if ((!t->tls.key.path[0] || private_file(k, t->tls.key.path, "threshold.tls.manual.key.path", 0)) && e == OK) check_key(k, buf_slice(&pem));
}

/* ---- keys of the delegation --------------------------------------------------------------------------------------- */

static bool is_in_vault(const checking *k, const id32 *place)
{
	AUTO(buf) path = { 0 };
	char id[ID_TEXT];

	id_text(id, place);
	buf_printf(&path, "%s/%s/%s/%s", k->c->private_vault.path, k->c->private_vault.prefix, priv_type_name(PRIV_DELEGATION_PRIVATE_KEY), id);
	return file_exists(buf_str(&path));
}

/* A vault may have taken it in, and its file may be gone (node/delegate_keys.h). */
static void check_key_file(const checking *k, const char *path, const id32 *place, const char *key, size_t row)
{
	secp_sk sk;

	if (!file_exists(path) && is_in_vault(k, place)) return;
	if (!file_exists(path) && k->c->private_vault.bucket[0]) {
		say(err_fail(ERR_NOT_FOUND, "%s: there is no such file, and none in the vault's folder", path));
		found(k, key, row, true, "nothing, if the vault's bucket has the key; else put the file there");
		return;
	}
	if (!private_file(k, path, key, row)) return;
	if (key_file_read(&sk, path) != OK) found(k, key, row, false, "make one: arca delegate keygen --help");
	wipe(&sk, sizeof sk);
}

static void check_address(const checking *k, const char *text, const char *key, size_t row)
{
	eth_address a;

	if (address_parse(&a, key, slice_str(text)) != OK)
		found(k, key, row, false, "an address is 0x and 40 hexadecimal digits, capital and small as its checksum says");
}

static void check_delegation(const checking *k)
{
	const config_rows *chains = &k->c->delegation.chains;
	const id32 wallet = whole_key_place(WHOLE_KEY_WALLET, 0);

	if (k->c->delegation.wallet_file[0]) check_key_file(k, k->c->delegation.wallet_file, &wallet, "delegation.wallet_file", 0);
	for (size_t i = 0; i < chains->n; i++) {
		const chain_config *chain = (const chain_config *)chains->row + i;
		const id32 place = whole_key_place(WHOLE_KEY_CHAIN, (uint32_t)chain->chain_id);
		check_address(k, chain->gateway, "delegation.chains.gateway", i + 1);
		if (chain->contract[0]) check_address(k, chain->contract, "delegation.chains.contract", i + 1);
		/* A node that has shared out its key has an empty file. */
		if (chain->key_file[0] && !(chain->import_from && key_file_is_gone(chain->key_file))) check_key_file(k, chain->key_file, &place, "delegation.chains.key_file", i + 1);
	}
}

/* ---- folders -------------------------------------------------------------------------------------------------------- */

/* From a path to the folder around it; false at the top. */
static bool climb(char path[static MAX_PATH])
{
	char *slash = strrchr(path, '/');

	if (!strcmp(path, "/") || !strcmp(path, ".")) return false;
	if (slash) slash[slash == path] = '\0';
	else snprintf(path, MAX_PATH, ".");
	return true;
}

/* A folder that the node makes if need be: is it one, or can it be made? */
static void check_folder(const checking *k, const char *path, const char *key, bool private)
{
	const char *remedy = "make the folder, for the user that the node runs as";
	char at[MAX_PATH];
	struct stat s;
	err e = OK;

	snprintf(at, sizeof at, "%s", path);
	const bool there = stat(at, &s) == 0;
	bool known = there;
	while (!known && errno == ENOENT && climb(at)) known = stat(at, &s) == 0;
	if (!known) {
		if (errno == EACCES) remedy = "check as the user that the node runs as, or give it the folder with chown";
		e = err_fail(ERR_IO, "%s cannot be reached: %s", path, strerror(errno));
	} else if (!S_ISDIR(s.st_mode)) {
		e = err_fail(ERR_IO, "%s is not a folder", at);
		remedy = "name another folder";
	} else if (access(at, W_OK | X_OK)) {
		e = err_fail(ERR_IO, "%s cannot be written: %s", at, strerror(errno));
		remedy = "check as the user that the node runs as, or give it the folder with chown";
	} else if (private && there && s.st_mode & OTHERS) {
		e = err_fail(ERR_STATE, "%s is private but has the permissions %03o", at, (unsigned)(s.st_mode & 0777));
		remedy = "take them back with chmod go=";
	}
	if (e != OK) found(k, key, 0, false, "%s", remedy);
}

enum { PRIVATE_DEPTH = 4 };                       /* vault/, as it is: type, epoch, object */

/* Is everything in there the node's own, and nobody else's?  ERR_STATE names the first that is not. */
static err look_through(const char *folder, unsigned depth)
{
	DIR *all = opendir(folder);
	err e = OK;

	if (!all) return err_fail(ERR_STATE, "%s cannot be listed: %s", folder, strerror(errno));
	for (const struct dirent *d; e == OK && (d = readdir(all));) {
		char inner[MAX_PATH];
		struct stat s;
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
		if (snprintf(inner, sizeof inner, "%s/%s", folder, d->d_name) >= MAX_PATH || lstat(inner, &s) || S_ISLNK(s.st_mode)) continue;
		if (s.st_mode & OTHERS)
			e = err_fail(ERR_STATE, "%s is private but has the permissions %03o", inner, (unsigned)(s.st_mode & 0777));
		else if (access(inner, R_OK | W_OK))
			e = err_fail(ERR_STATE, "%s cannot be read and written: %s", inner, strerror(errno));
		else if (S_ISDIR(s.st_mode) && depth < PRIVATE_DEPTH)
			e = look_through(inner, depth + 1);
	}
	closedir(all);
	return e;
}

static void check_vault(const checking *k, const char *path, const char *prefix, const char *key, bool private)
{
	const size_t before = k->out->n;
	AUTO(buf) folder = { 0 };

	buf_printf(&folder, "%s/%s", path, prefix);
	check_folder(k, buf_str(&folder), key, private);
	if (!private || k->out->n > before || !file_exists(buf_str(&folder)) || look_through(buf_str(&folder), 1) == OK) return;
	found(k, key, 0, false, "for all that is in it: chown -R to the user that the node runs as, and chmod -R go= '%s'", buf_str(&folder));
}

static void check_vault_key(const checking *k)
{
	const char *path = k->c->keychain.file, *former = k->c->former.file;
	vault_key key;

	if (path[0] && vault_key_from_file(&key, path) != OK)
		found(k, "private_vault.keychain.file.path", 0, false,
		      "restore the key from its copy; a first one: (umask 077; openssl rand -hex 32 >'%s')", path);
	if (former[0] && vault_key_from_file(&key, former) != OK)
		found(k, "private_vault.keychain.former.file.path", 0, false, "restore that key from its copy, or take this out if the vault has the new one");
	wipe(&key, sizeof key);
}

static void check_credentials(const checking *k)
{
	const node_config *c = k->c;
	aws_credentials who;

	if (!c->aws.file[0]) return;
	if (aws_credentials_read(&who, &(aws_credentials_source){ .file = c->aws.file, .descriptor = -1 }) != OK)
		found(k, "aws.credentials.file.path", 0, false, "put aws_access_key_id and aws_secret_access_key there, readable by the user that the "
		      "node runs as, and by nobody else");
	wipe(&who, sizeof who);
}

/* ---- everything ----------------------------------------------------------------------------------------------------- */

static void check_rest(const checking *k)
{
	const node_config *c = k->c;

	check_vault(k, c->public_vault.path, c->public_vault.prefix, "public_vault.storage.file.path", false);
	check_vault(k, c->private_vault.path, c->private_vault.prefix, "private_vault.storage.file.path", true);
	check_vault_key(k);
	check_credentials(k);
	if (c->core.derived_folder[0]) check_folder(k, c->core.derived_folder, "core.derived_folder", false);
	if (c->threshold.present) check_links(k);
	if (c->delegation.present) check_delegation(k);
	if (k->from->open_to_others && c->threshold.present && c->threshold.tls.key.pem[0]) {
		say(err_fail(ERR_STATE, "a private key stands in a file that others may read"));
		found(k, "threshold.tls.manual.key", 0, false, "chmod go= '%s', or keep the key in a file of its own", k->from->name);
	}
	if (c->internal.core_dumps) {
		say(err_fail(ERR_STATE, "a crash of the node may write its keys to a core file"));
		found(k, "internal_config.core_dumps", 0, true, "leave the key out where real keys are kept");
	}
}

void node_config_check(config_findings *out, const config_source *from)
{
	checking k = { .out = out, .from = from };
	config_place where;
	node_config c;

	memset(out, 0, sizeof *out);                       /* large for a value */
	if (node_config_read_where(&where, &c, from->name, from->text, from->environment) != OK) {
		refused(&k, &where);
		return;
	}
	k.c = &c;
	check_rest(&k);
	node_config_free(&c);
}
