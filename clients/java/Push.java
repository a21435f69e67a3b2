import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;

/** Pushes the standard's example, JDK only (docs/exchange-protocol.md §3, profile rsa): java Push.java URL appID secret public.pem */
public class Push {
  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The sign parameter of a call; the map is sorted by name. */
  static String sign(String operation, TreeMap<String, String> parameters, String secret, PublicKey key) throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    StringBuilder canonical = new StringBuilder(operation);
    for (Map.Entry<String, String> parameter : parameters.entrySet())
      canonical.append('\n').append(parameter.getKey()).append('=')
          .append(HexFormat.of().formatHex(sha256.digest(utf8(parameter.getValue()))));
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(utf8(secret), "HmacSHA256"));
    String digest = HexFormat.of().formatHex(mac.doFinal(utf8(canonical.toString())));
    Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
    // Java's "OAEPWithSHA-256AndMGF1Padding" takes SHA-1 for MGF1; the protocol takes SHA-256 for both.
    cipher.init(Cipher.ENCRYPT_MODE, key,
        new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT));
    return Base64.getEncoder().encodeToString(cipher.doFinal(utf8(digest)));
  }

  public static void main(String[] arguments) throws Exception {
    String pem = Files.readString(Path.of(arguments[3])).replaceAll("-----[^-]+-----|\\s", "");
    PublicKey key = KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(pem)));
    TreeMap<String, String> parameters = new TreeMap<>(Map.of(
        "group", "basic",
        "table", "part",
        "data", "[{\"districtCode\":\"210103\",\"districtName\":\"沈河区\",\"area\":58.97,\"gridCount\":3495,"
            + "\"dutyGridCount\":121,\"statisticalTime\":\"2019-04-19 12:00:00\"}]",
        "appID", arguments[1],
        "timestamp", String.valueOf(System.currentTimeMillis() / 1000)));
    parameters.put("sign", sign("pushdata", parameters, arguments[2], key));
    String form = parameters.entrySet().stream()
        .map(one -> one.getKey() + "=" + URLEncoder.encode(one.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
    HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0] + "/eUrbanMIS/api/v1/pushdata"))
        .header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
        .POST(HttpRequest.BodyPublishers.ofString(form)).build();
    System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
  }
}
