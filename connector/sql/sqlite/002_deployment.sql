-- SPDX-License-Identifier: MIT
-- The chains and contracts that everything in this database is about, as the first process said that opened it.
CREATE TABLE deployment (chain_name text, name text, value text NOT NULL, PRIMARY KEY (chain_name, name)) STRICT;
