import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.lang.StringEscapeUtils;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;
import org.apache.velocity.app.event.EventCartridge;
import org.apache.velocity.app.event.InvalidReferenceEventHandler;
import org.apache.velocity.context.Context;
import org.apache.velocity.util.introspection.Info;

/**
 * Renders mapping templates in Apache Velocity 1.7, with $input, $util and $context as API Gateway documents them.
 *
 * Reads cases from standard input until its end, and writes a response to each on standard output;
 * tests/velocity/engine.py is the other side. A value is a letter and its content: S(tring), I(nteger), B(oolean),
 * N(ull), L(ist), M(ap).
 */
public class Render {
    public static void main(String[] arguments) throws IOException {
        DataInputStream cases = new DataInputStream(new BufferedInputStream(System.in));
        DataOutputStream responses = new DataOutputStream(new BufferedOutputStream(System.out));
        System.setOut(new PrintStream(System.err)); // nothing else may write between the responses
        VelocityEngine engine = new VelocityEngine();
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.setProperty("velocimacro.library", "");
        engine.init();
        while (true) {
            Object next;
            try {
                next = read(cases);
            } catch (EOFException end) {
                return;
            }
            write(responses, render(engine, (Map<?, ?>) next));
            responses.flush();
        }
    }

    private static Map<String, Object> render(VelocityEngine engine, Map<?, ?> given) {
        Map<String, Object> response = new LinkedHashMap<>();
        try {
            Map<String, Object> override = new LinkedHashMap<>();
            override.put("header", new LinkedHashMap<String, Object>());
            VelocityContext context = new VelocityContext();
            for (Map.Entry<?, ?> name : ((Map<?, ?>) given.get("names")).entrySet()) {
                context.put((String) name.getKey(), name.getValue());
            }
            if (given.get("context") != null) {
                @SuppressWarnings("unchecked")
                Map<String, Object> gateway = (Map<String, Object>) given.get("context");
                gateway.put("responseOverride", override);
                context.put("context", gateway);
                context.put("input", new Input((String) given.get("body"), (Map<?, ?>) given.get("parameters")));
                context.put("util", new Util());
            }
            EventCartridge handlers = new EventCartridge();
            handlers.addEventHandler(new UnknownIsEmpty());
            handlers.attachToContext(context);
            StringWriter text = new StringWriter();
            engine.evaluate(context, text, "mapping template", (String) given.get("template"));
            response.put("text", text.toString());
            response.put("override", override);
        } catch (Exception | Error error) {
            response.put("error", error.toString());
        }
        return response;
    }

    public static class Input {
        private final String body;
        private final Map<?, ?> parameters;

        Input(String body, Map<?, ?> parameters) {
            this.body = body;
            this.parameters = parameters;
        }

        public String getBody() {
            return body;
        }

        public Map<?, ?> params() {
            return parameters;
        }

        public Object params(String name) {
            for (String location : List.of("path", "querystring", "header")) {
                Map<?, ?> values = (Map<?, ?>) parameters.get(location);
                if (values.containsKey(name)) {
                    return values.get(name);
                }
            }
            return "";
        }
    }

    public static class Util {
        public String urlEncode(String text) {
            return URLEncoder.encode(text, StandardCharsets.UTF_8);
        }

        public String escapeJavaScript(String text) {
            return StringEscapeUtils.escapeJavaScript(text);
        }
    }

    /** As recorded on AWS: what a template does not know is an empty text, and true. */
    public static class UnknownIsEmpty implements InvalidReferenceEventHandler {
        @Override
        public Object invalidGetMethod(Context context, String reference, Object of, String property, Info place) {
            return "";
        }

        @Override
        public boolean invalidSetMethod(Context context, String left, String right, Info place) {
            return false;
        }

        @Override
        public Object invalidMethod(Context context, String reference, Object of, String method, Info place) {
            return null;
        }
    }

    private static Object read(DataInputStream in) throws IOException {
        char kind = (char) in.readUnsignedByte();
        switch (kind) {
            case 'S':
                return readText(in);
            case 'I':
                return in.readLong();
            case 'B':
                return in.readBoolean();
            case 'N':
                return null;
            case 'L':
                List<Object> list = new ArrayList<>();
                for (int left = in.readInt(); left > 0; left--) {
                    list.add(read(in));
                }
                return list;
            case 'M':
                Map<String, Object> map = new LinkedHashMap<>();
                for (int left = in.readInt(); left > 0; left--) {
                    String key = readText(in);
                    map.put(key, read(in));
                }
                return map;
            default:
                throw new IOException("no such kind: " + kind);
        }
    }

    private static String readText(DataInputStream in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void write(DataOutputStream out, Object value) throws IOException {
        if (value == null) {
            out.writeByte('N');
        } else if (value instanceof Map) {
            out.writeByte('M');
            out.writeInt(((Map<?, ?>) value).size());
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                writeText(out, (String) entry.getKey());
                write(out, entry.getValue());
            }
        } else if (value instanceof Boolean) {
            out.writeByte('B');
            out.writeBoolean((Boolean) value);
        } else if (value instanceof Number) {
            out.writeByte('I');
            out.writeLong(((Number) value).longValue());
        } else {
            out.writeByte('S');
            writeText(out, value.toString());
        }
    }

    private static void writeText(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }
}
