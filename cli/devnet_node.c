/* SPDX-License-Identifier: MIT */
/* cli/devnet_node.c */
#include "cli/devnet_node.h"
#include "cli/typed_keys.h"
#include "base/file.h"
#include "cli/process.h"
#include "evm/address.h"
#include "rpc/certs.h"
#include "vault/signing_key.h"

enum { GRPC_OFFSET, MPC_OFFSET, HTTP_OFFSET, CERTIFICATE_DAYS = CERTS_CA_DAYS };

/* ---- ports and folders ------------------------------------------------------------------------------------------- */

/* fixed: 0 for any. */
static err choose_port(unsigned *out, unsigned fixed)
{
	if (!fixed) return port_pick(out, rng_os());
	TRY(port_check(fixed));
	*out = fixed;
	return OK;
}

static err lay_out(node_files *f, const char *dir, unsigned number, unsigned base)
{
	TRY(choose_port(&f->grpc_port, base ? base + GRPC_OFFSET : 0));
	TRY(choose_port(&f->mpc_port, base ? base + MPC_OFFSET : 0));
	TRY(choose_port(&f->http_port, base ? base + HTTP_OFFSET : 0));
	f->party = number;
	int n = snprintf(f->dir, sizeof f->dir, "%s/party-%u", dir, f->party);
	if (n < 0 || (size_t)n >= sizeof f->dir) return err_fail(ERR_IO, "--dir: the path is too long");
	snprintf(f->config, sizeof f->config, "%s/node.toml", f->dir);
	snprintf(f->log, sizeof f->log, "%s/node.log", f->dir);
	snprintf(f->derived, sizeof f->derived, "%s/derived", dir);
	snprintf(f->grpc, sizeof f->grpc, "127.0.0.1:%u", f->grpc_port);
	snprintf(f->mpc, sizeof f->mpc, "127.0.0.1:%u", f->mpc_port);
	snprintf(f->http, sizeof f->http, "127.0.0.1:%u", f->http_port);
	snprintf(f->http_url, sizeof f->http_url, "http://%s", f->http);
	return dir_make(f->dir, 0755);
}

err node_files_lay_out(node_files *f, cli *c, const char *dir, size_t parties, unsigned base_port)
{
	for (unsigned i = 0; i < parties; i++) {
		err e = lay_out(&f[i], dir, i + 1, base_port ? base_port + PORTS_A_PARTY * i : 0);
		if (e != OK) c->code = EXIT_IO;
		TRY(e);
	}
	return OK;
}

/* ---- certificates -------------------------------------------------------------------------------------------------- */

static void identity(char out[static 16], unsigned i)
{
	snprintf(out, 16, "party-%u", i);
}

static err write_pem(const node_files *f, const char *name, const buf *pem, mode_t mode)
{
	AUTO(buf) path = { 0 };

	buf_printf(&path, "%s/tls/%s", f->dir, name);
	return file_write_atomic(buf_str(&path), buf_slice(pem), mode);
}

static err write_certificates(const node_files *f)
{
	AUTO(buf) dir = { 0 };
	certs_pair ca = { 0 }, leaf = { 0 };
	char name[16];

	identity(name, f->party);
	buf_printf(&dir, "%s/tls", f->dir);
	TRY(dir_make(buf_str(&dir), 0755));
	err e = certs_make_ca(&ca, name, CERTIFICATE_DAYS, clock_system());
	if (e == OK) e = certs_make_leaf(&leaf, &ca, name, NULL, 0, CERTIFICATE_DAYS, clock_system());
	if (e == OK) e = write_pem(f, "ca.pem", &ca.certificate_pem, 0644);
	if (e == OK) e = write_pem(f, "cert.pem", &leaf.certificate_pem, 0644);
	if (e == OK) e = write_pem(f, "key.pem", &leaf.key_pem, 0600);
	certs_pair_free(&ca);
	certs_pair_free(&leaf);
	return e;
}

/* ---- configuration ------------------------------------------------------------------------------------------------- */

/* A TOML string. */
static void put_toml(buf *out, const char *text)
{
	buf_put_str(out, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') buf_put_u8(out, '\\');
		if ((unsigned char)*text < 0x20 || *text == 0x7f) buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*text);
		else buf_put_u8(out, (uint8_t)*text);
	}
	buf_put_str(out, "\"");
}

/* key = "dir/name" */
static void put_path(buf *out, const char *key, const node_files *f, const char *name)
{
	AUTO(buf) path = { 0 };

	buf_printf(&path, "%s/%s", f->dir, name);
	buf_printf(out, "%s = ", key);
	put_toml(out, buf_str(&path));
	buf_put_str(out, "\n");
}

static void put_cluster(buf *out, const node_files *all, size_t parties, unsigned threshold, const node_files *f)
{
	char name[16];

	buf_printf(out, "\n[threshold]\nlisten_address = \"127.0.0.1\"\nlisten_port = %u\nmy_id = %u\nthreshold = %u\n",
	           f->mpc_port, f->party, threshold);
	buf_put_str(out, "\n[threshold.tls.manual]\n");
	put_path(out, "cert.path", f, "tls/cert.pem");
	put_path(out, "key.path", f, "tls/key.pem");
	for (size_t i = 0; i < parties; i++) {
		identity(name, all[i].party);
		buf_printf(out, "\n[[threshold.peers]]\nparty_id = %u\nmpc_identity = \"%s\"\naddress = \"127.0.0.1\"\nport = %u\n",
		           all[i].party, name, all[i].mpc_port);
		buf_printf(out, "public_storage_url = \"http://127.0.0.1:%u\"\n", all[i].http_port);
		put_path(out, "tls_cert.path", &all[i], "tls/ca.pem");
	}
}

static err write_config(const node_files *all, size_t parties, unsigned threshold, kms712_profile profile, const node_files *f)
{
	AUTO(buf) toml = { 0 };

	buf_put_str(&toml, "# Written by arca devnet up.\n\n[service]\nlisten_address = \"127.0.0.1\"\n");
	buf_printf(&toml, "listen_port = %u\n", f->grpc_port);
	if (profile == KMS712_V011) buf_put_str(&toml, "eip712_profile = \"v0.11\"\n");       /* of the gateway's contracts */
	buf_put_str(&toml, "\n[public_vault.storage.file]\n");
	put_path(&toml, "path", f, "public");
	buf_put_str(&toml, "\n[private_vault.storage.file]\n");
	put_path(&toml, "path", f, "private");
	/* Nodes of one machine need the prepared keys once. */
	buf_put_str(&toml, "\n[core]\nderived_folder = ");
	put_toml(&toml, f->derived);
	buf_put_str(&toml, "\n\n[telemetry]\nmetrics_bind_address = ");
	put_toml(&toml, f->http);
	buf_put_str(&toml, "\n");
	if (threshold) put_cluster(&toml, all, parties, threshold, f);
	return file_write_atomic(f->config, buf_slice(&toml), 0644);
}

err node_files_write(const node_files *f, size_t parties, unsigned threshold, kms712_profile profile)
{
	for (size_t i = 0; i < parties; i++) {
		if (threshold) TRY(write_certificates(&f[i]));
		TRY(write_config(f, parties, threshold, profile, &f[i]));
	}
	return OK;
}

/* ---- who signs ----------------------------------------------------------------------------------------------------- */

err node_files_signer(cluster_party *out, node_files *f)
{
	AUTO(buf) path = { 0 }, address = { 0 }, key = { 0 };
	char id[ID_TEXT];
	id32 at;

	signing_key_id(&at);
	id_text(id, &at);
	buf_printf(&path, "%s/public/PUB/VerfAddress/%s", f->dir, id);
	TRY(file_read(&address, buf_str(&path), 256));
	while (address.n && (address.p[address.n - 1] == '\n' || address.p[address.n - 1] == ' ')) address.n--;
	TRY(address_parse(&out->signer, "VerfAddress", buf_slice(&address)));
	buf_clear(&path);
	buf_printf(&path, "%s/public/PUB/VerfKey/%s", f->dir, id);
	TRY(file_read(&key, buf_str(&path), MAX_SIG_KEY_FILE));
	TRY(public_key_read(&out->verification_key, buf_slice(&key)));
	if (!eth_address_eq_var(address_of(&out->verification_key), out->signer))
		return err_fail(ERR_STATE, "%s is not the key of the address that the node published", buf_str(&path));
	buf_clear(&path);
	buf_printf(&path, "%s/public/PUB", f->dir);
	out->typed = f->typed;
	return typed_identities_read(f->typed, buf_str(&path));
}
