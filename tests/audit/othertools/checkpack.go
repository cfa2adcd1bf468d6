// Checks an unpacked evidence pack with Go's own packages for signed notes and transparency logs.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run checkpack.go PACK [VKEY]
//
// None of Muster's code is involved: golang.org/x/mod/sumdb/note opens the checkpoint, .../tlog computes the trees and
// checks the proofs. VKEY: the log's key as it was obtained earlier; the pack's own otherwise.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fail("usage: checkpack PACK [VKEY]")
	}
	pack := os.Args[1]
	checkpoint := read(pack, "data/ledger/checkpoint")
	keys := vkeys(pack)
	opened, err := note.Open(checkpoint, note.VerifierList(keys...))
	must("data/ledger/checkpoint", err)
	size, root := tree(opened.Text)
	fmt.Printf("note: %d heads, signed by %s (%d lines)\n", size, opened.Sigs[0].Name, len(opened.Sigs))

	for _, folder := range folders(pack) {
		stream(folder, checkpoint, size, root)
	}
	witnessed(pack, opened.Text)
	fmt.Println("whole")
}

// stream checks one ledger folder: leaves, root, and that its head is in the checkpoint's tree.
func stream(folder string, checkpoint []byte, size int64, root tlog.Hash) {
	var head struct {
		Stream string
		Size   int64
		Root   string
	}
	body := read(folder, "head.json")
	must("head.json", json.Unmarshal(body, &head))
	entries, leaves := lines(folder, "entries.jsonl"), lines(folder, "leaves.txt")
	if int64(len(entries)) != head.Size || len(entries) != len(leaves) {
		fail("%s: %d entries, %d leaves, a head over %d", folder, len(entries), len(leaves), head.Size)
	}
	stored := grown(entries, leaves)
	computed, err := tlog.TreeHash(head.Size, stored)
	must("entries.jsonl", err)
	if hex.EncodeToString(computed[:]) != head.Root {
		fail("%s: root %x, the head says %s", folder, computed, head.Root)
	}
	index, proof := inclusion(read(folder, "head.tlog-proof"), checkpoint)
	must("head.tlog-proof", tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(body)))
	fmt.Printf("stream %s: %d entries, root %s, its head is number %d of the log\n", head.Stream, head.Size, head.Root[:16], index)
	earlier(folder, stored, head.Size, computed)
}

// earlier checks that the stream extends what previous.json says of earlier packs, by RFC 6962 consistency proofs.
func earlier(folder string, stored tlog.HashReader, size int64, root tlog.Hash) {
	var packs []struct {
		Size int64
		Root string
	}
	content, err := os.ReadFile(filepath.Join(folder, "previous.json"))
	if os.IsNotExist(err) {
		return
	}
	must("previous.json", err)
	must("previous.json", json.Unmarshal(content, &packs))
	for _, pack := range packs {
		proof, err := tlog.ProveTree(size, pack.Size, stored)
		must("previous.json", err)
		var old tlog.Hash
		if raw, err := hex.DecodeString(pack.Root); err != nil || copy(old[:], raw) != len(old) {
			fail("previous.json: %q is no root", pack.Root)
		}
		must("previous.json", tlog.CheckTree(proof, size, root, pack.Size, old))
		fmt.Printf("  extends an earlier pack of %d entries\n", pack.Size)
	}
}

// grown is the stored form of a log with these entries, whose leaf hashes must be those listed.
func grown(entries, leaves []string) tlog.HashReader {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for i, entry := range entries {
		leaf := tlog.RecordHash([]byte(entry))
		if hex.EncodeToString(leaf[:]) != leaves[i] {
			fail("leaves.txt line %d: found %s, the entry hashes to %x", i+1, leaves[i], leaf)
		}
		hashes, err := tlog.StoredHashesForRecordHash(int64(i), leaf, reader)
		must("entries.jsonl", err)
		stored = append(stored, hashes...)
	}
	return reader
}

// inclusion reads a c2sp.org/tlog-proof@v1, which must end with the checkpoint itself.
func inclusion(content, checkpoint []byte) (int64, tlog.RecordProof) {
	head, rest, found := bytes.Cut(content, []byte("\n\n"))
	if !found || !bytes.Equal(rest, checkpoint) {
		fail("head.tlog-proof doesn't end with the checkpoint")
	}
	told := strings.Split(string(head), "\n")
	if len(told) < 2 || told[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(told[1], "index ") {
		fail("head.tlog-proof begins with %q", told[0])
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(told[1], "index "), 10, 64)
	must("head.tlog-proof", err)
	var proof tlog.RecordProof
	for _, line := range told[2:] {
		hash, err := tlog.ParseHash(line)
		must("head.tlog-proof", err)
		proof = append(proof, hash)
	}
	return index, proof
}

// cosigner is a note.Verifier for cosignature/v1 (c2sp.org/tlog-cosignature), which Go's package doesn't know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(message, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), message)
	return ed25519.Verify(c.key, []byte(signed), signature[8:])
}

// witnessed checks the note with the witnesses' lines, where the pack has one.
func witnessed(pack, text string) {
	content, err := os.ReadFile(filepath.Join(pack, "data/ledger/checkpoint.witnessed"))
	if os.IsNotExist(err) {
		fmt.Println("no witness")
		return
	}
	must("checkpoint.witnessed", err)
	var known []note.Verifier
	for _, vkey := range lines(pack, "keys/witnesses.vkey") {
		parts := strings.SplitN(vkey, "+", 3)
		key, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
		if len(parts) != 3 || err != nil || len(key) != 33 || key[0] != 4 {
			fail("keys/witnesses.vkey: %q is no witness's key", vkey)
		}
		digest := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
		known = append(known, cosigner{parts[0], binary.BigEndian.Uint32(digest[:]), key[1:]})
	}
	opened, err := note.Open(content, note.VerifierList(known...))
	must("checkpoint.witnessed", err)
	if opened.Text != text {
		fail("checkpoint.witnessed is about another tree")
	}
	for _, line := range opened.Sigs {
		fmt.Printf("witnessed by %s\n", line.Name)
	}
}

func vkeys(pack string) []note.Verifier {
	told := lines(pack, "keys/log.vkey")
	if len(os.Args) == 3 {
		told = []string{os.Args[2]}
	}
	var known []note.Verifier
	for _, vkey := range told {
		verifier, err := note.NewVerifier(vkey)
		must("keys/log.vkey", err)
		known = append(known, verifier)
	}
	return known
}

func tree(text string) (int64, tlog.Hash) {
	parts := strings.Split(text, "\n")
	if len(parts) != 4 {
		fail("the checkpoint has %d lines", len(parts)-1)
	}
	size, err := strconv.ParseInt(parts[1], 10, 64)
	must("the checkpoint's size", err)
	root, err := tlog.ParseHash(parts[2])
	must("the checkpoint's root", err)
	return size, root
}

func folders(pack string) []string {
	others, err := filepath.Glob(filepath.Join(pack, "data/streams/*"))
	must("data/streams", err)
	return append([]string{filepath.Join(pack, "data/ledger")}, others...)
}

func read(folder, name string) []byte {
	content, err := os.ReadFile(filepath.Join(folder, name))
	must(name, err)
	return content
}

func lines(folder, name string) []string {
	return strings.Split(strings.TrimSuffix(string(read(folder, name)), "\n"), "\n")
}

func must(where string, err error) {
	if err != nil {
		fail("%s: %v", where, err)
	}
}

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}
