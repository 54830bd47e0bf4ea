// Every word the element itself says, in both languages. {agency} and {n} are filled in.
const TEXT = {
  en: {
    launch: "Chat with us", launchNew: "Chat with us, {n} new", heading: "Chat", close: "Close chat",
    exit: "Leave quickly", exitHint: "Leaves this page at once and clears the chat. Pressing Escape three times does it too.",
    crisis: ["In danger call ", "911", ". In crisis call or text ", "988", "."],
    log: "Messages", label: "Your message", hint: "Write here", send: "Send", choices: "Choices",
    sending: "sending…", typing: "Writing an answer…", unread: "New message in the chat",
    offline: "No connection. We keep trying, and your messages will be sent.", online: "Connected again.",
    client: "You", assistant: "Assistant", person: "Staff member", system: "Notice",
    greeting: "Hello. This is {agency}'s automated assistant. It can explain what a case manager is, check whether you may get one, and find one near you. Write in your own words.",
    greetingPlain: "Hello. This is an automated assistant. It can explain what a case manager is, check whether you may get one, and find one near you. Write in your own words.",
    starters: ["What is a case manager?", "Find help near me"],
  },
  es: {
    launch: "Chatee con nosotros", launchNew: "Chatee con nosotros, {n} sin leer", heading: "Chat", close: "Cerrar el chat",
    exit: "Salir rápido", exitHint: "Sale de esta página al instante y borra el chat. También sirve pulsar Escape tres veces.",
    crisis: ["En peligro, llame al ", "911", ". En crisis, llame o envíe un texto al ", "988", "."],
    log: "Mensajes", label: "Su mensaje", hint: "Escriba aquí", send: "Enviar", choices: "Opciones",
    sending: "enviando…", typing: "Escribiendo una respuesta…", unread: "Mensaje nuevo en el chat",
    offline: "Sin conexión. Seguimos intentando y sus mensajes se enviarán.", online: "Conectado de nuevo.",
    client: "Usted", assistant: "Asistente", person: "Persona del equipo", system: "Aviso",
    greeting: "Hola. Este es el asistente automático de {agency}. Puede explicar qué es un administrador de casos, ver si usted podría tener uno y encontrar uno cerca. Escriba con sus propias palabras.",
    greetingPlain: "Hola. Este es un asistente automático. Puede explicar qué es un administrador de casos, ver si usted podría tener uno y encontrar uno cerca. Escriba con sus propias palabras.",
    starters: ["¿Qué es un administrador de casos?", "Buscar ayuda cerca de mí"],
  },
};
