// Where services may be: public addresses by https, in any form of a URL or name.
import { describe, expect, it } from "vitest";
import { findAddresses, refuseUrl } from "../../../supabase/functions/_shared/external/check-address.ts";
import { isPublicAddress } from "../../../supabase/functions/_shared/external/public-address.ts";

it.each([
  "8.8.8.8",
  "1.1.1.1",
  "172.15.255.255",
  "172.32.0.1",
  "100.63.0.1",
  "100.128.0.1",
  "223.255.255.254",
  "2606:4700::1111",
  "2a00:1450:4001::200e",
  "2001:4860:4860::8888",
])("%s is public", (ip) => expect(isPublicAddress(ip)).toBe(true));

it.each([
  "0.0.0.0",
  "10.1.2.3",
  "127.0.0.1",
  "127.255.0.1",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "100.64.0.1",
  "100.127.255.255",
  "192.0.2.1",
  "198.18.0.1",
  "198.19.255.255",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "64:ff9b::a9fe:a9fe",
  "fe80::1",
  "fe80::1%eth0",
  "fc00::1",
  "fd00:ec2::254",
  "ff02::1",
  "2001:db8::1",
  "2001::1",
  "2002:7f00:1::",
  "",
  "localhost",
  "1.2.3",
  "256.1.1.1",
  "1:2",
  ":::",
  "12345::",
])("%s is not", (ip) => expect(isPublicAddress(ip)).toBe(false));

describe("a URL", () => {
  it.each([
    "https://api.example.com/v1?x=1",
    "https://api.example.com:443/",
    "https://API.Example.com/",
    "https://xn--mnchen-3ya.example/",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
  ])("%s may be called", (url) => expect(refuseUrl(url, false)).toBeNull());

  it.each([
    "http://api.example.com/",
    "ftp://api.example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "api.example.com",
    "",
    "https://user:pass@api.example.com/",
    "https://token@api.example.com/",
    "https://api.example.com/#x",
    "https://localhost/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.5/",
    "https://metadata.google.internal/",
    "https://db.local/",
    "https://db/",
    "https://postgres.lan./",
    "https://a.localhost/",
    "https://[fd00:ec2::254]/",
    "http://127.0.0.1:54321/",
    // Other ports are other services of the same machine.
    "https://api.example.com:8443/",
    "https://api.example.com:80/",
    "https://8.8.8.8:22/",
    "https://münchen.example/",
    "https://api.example.com/ñ",
    "https://api.example.com/\tx",
    // Notations that some checks overlook.
    "https://api.example.com./",
    "https://127.0.0.1./",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://１２７.０.０.１/",
    "https://127。0。0。1/",
    "https://0/",
    "https://0300.0250.0.1/",
    "https://017700000001/",
    "https://ⓛocalhost/",
    "https://api.example.com%2f@10.0.0.1/",
    "https://api.example.com\\\\@10.0.0.1/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::a00:1]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://[2001:0:a00:1::]/",
    "https://[fe80::1]/",
    "https://[ff02::1]/",
    "https://0.1.2.3/",
    "https://100.64.1.1/",
    "https://224.0.0.1/",
    "https://168.63.129.16/",
    "https://a_b.example.com/",
    "https://-a.example.com/",
    `https://${"a.".repeat(130)}com/`,
  ])("%s may not", (url) => expect(refuseUrl(url, false)).toEqual(expect.any(String)));

  it("of this machine may be called while Twilio is a simulator on it, and no other private one", () => {
    for (const url of ["http://127.0.0.1:9000/x", "http://localhost:9000/", "http://[::1]:9000/"])
      expect([refuseUrl(url, true), refuseUrl(url, false)]).toEqual([null, expect.any(String)]);
    for (const url of [
      "http://169.254.169.254/",
      "https://192.168.1.1/",
      "http://10.0.0.1/",
      "http://user@127.0.0.1/",
    ])
      expect(refuseUrl(url, true)).toEqual(expect.any(String));
  });
});

describe("a name", () => {
  const at = (...addresses: string[]) =>
    findAddresses("https://api.example.com/", false, async () => addresses);

  it("may lead to public addresses only", async () => {
    const both = ["93.184.216.34", "2606:2800:220:1::1"];
    expect(await at(...both)).toEqual(both);
    for (const addresses of [["127.0.0.1"], ["93.184.216.34", "169.254.169.254"], ["fd00::1"], []]) {
      await expect(at(...addresses)).rejects.toMatchObject({
        outcome: "blocked",
        isCharged: false,
        message: "Its name leads to a private or local address.",
      });
    }
  });

  it("that does not resolve is tried again", async () => {
    const nowhere = findAddresses("https://api.example.com/", true, () =>
      Promise.reject(new Error("ENOTFOUND")),
    );
    await expect(nowhere).rejects.toMatchObject({ outcome: "retry", isCharged: false });
  });
});
