// Makes a container and copies folders into it: `node put.mjs CONTAINER FOLDER…`, each under its own name.
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";

// What everybody knows of the emulator.
const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const service = new BlobServiceClient(
  `${process.env.AZURITE_BLOB_STORAGE_URL}/${account}`,
  new StorageSharedKeyCredential(account, key),
);
const [name, ...folders] = process.argv.slice(2);
const container = service.getContainerClient(name);
await container.createIfNotExists();

const put = async (path, to) => {
  if (statSync(path).isDirectory()) {
    for (const entry of readdirSync(path)) await put(join(path, entry), `${to}/${entry}`);
  } else {
    await container.getBlockBlobClient(to).uploadFile(path);
  }
};
for (const folder of folders) await put(folder, basename(folder));
