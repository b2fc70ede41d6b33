/** A token for the sample's tenant, where this is the local instance; undefined elsewhere. */
export async function fetchDemoToken(): Promise<string | undefined> {
  try {
    const response = await fetch("/demo-token", { method: "POST" });
    if (response.status !== 200) return undefined;
    return (await response.json() as { token?: string }).token;
  } catch {
    return undefined;
  }
}
